import { missingPeer } from '../../core/missing-peer';

/** Both packages are ES modules, so they are loaded by `import()`, which CommonJS may do. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- the rule does not know import attributes of types
type Writer = typeof import('hyparquet-writer', { with: { 'resolution-mode': 'import' } });
// eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- the same
type Reader = typeof import('hyparquet', { with: { 'resolution-mode': 'import' } });

export const loadParquetWriter = async (): Promise<Writer> =>
  peer('hyparquet-writer', () => import('hyparquet-writer'));

export const loadParquetReader = async (): Promise<Reader> => peer('hyparquet', () => import('hyparquet'));

/** What reads a column chunk page by page, below the reader's own assembly of rows. */
export interface PageDecoders {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- the same
  readonly column: typeof import('hyparquet/src/column.js', { with: { 'resolution-mode': 'import' } });
  // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- the same
  readonly page: typeof import('hyparquet/src/datapage.js', { with: { 'resolution-mode': 'import' } });
  // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- the same
  readonly encoding: typeof import('hyparquet/src/encoding.js', { with: { 'resolution-mode': 'import' } });
  // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- the same
  readonly plain: typeof import('hyparquet/src/plain.js', { with: { 'resolution-mode': 'import' } });
}

export const loadPageDecoders = async (): Promise<PageDecoders> =>
  peer('hyparquet', async () => ({
    column: await import('hyparquet/src/column.js'),
    page: await import('hyparquet/src/datapage.js'),
    encoding: await import('hyparquet/src/encoding.js'),
    plain: await import('hyparquet/src/plain.js'),
  }));

async function peer<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw missingPeer(cause, name, 'Reading and writing snapshots', 'hyparquet hyparquet-writer');
  }
}
