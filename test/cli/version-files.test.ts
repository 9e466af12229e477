import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readProfile } from '../../cli/version-files';
import { buildReferenceProfile } from '../../core/drift/profile-build';
import { temporaryFolder } from '../setup/temporary-folder';

const features = [
  { name: 'distance', kind: 'number' },
  { name: 'carrier', kind: 'string' },
] as const;
const rows = Array.from({ length: 60 }, (_, i) => i);

describe('readProfile', () => {
  it('reads back a profile with everything in it: clusters, answers, importance, correlations, principal components', async () => {
    const columns = { distance: rows.map((i) => (i * 7) % 60), carrier: rows.map((i) => ['AA', 'UA', 'DL'][i % 3]!) };
    const profile = buildReferenceProfile({ rows: 60, columns }, features, {
      bins: 5,
      eventTime: rows.map((i) => i * 60_000),
      prediction: rows.map((i) => i / 60),
      target: rows.map((i) => (i % 2 === 0 ? 'no' : 'yes')),
      importance: { distance: 3, carrier: 1 },
      correlations: true,
      multivariate: true,
      madeFrom: { kind: 'file', name: 'a.csv' },
    });
    expect(profile.multivariate?.features.map(({ kind }) => kind)).toEqual(['number', 'string']);
    const file = join(temporaryFolder('version-files'), 'profile.json');
    await writeFile(file, JSON.stringify(profile));
    expect(await readProfile(file)).toEqual(profile);
  });
});
