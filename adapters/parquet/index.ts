export { ParquetSnapshotFiles } from './snapshot-files';
