/** `temporal-ratchet/adapters/csv`: comma- and tab-separated files into typed columns. */
export { readCsvBytes, readCsvFile } from './read-csv';
