export { ParquetSnapshotFiles } from './snapshot-files';
export { ParquetTable, type ParquetTableOptions } from './parquet-table';
export { readParquetFrame } from './read-frame';
