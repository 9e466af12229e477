import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { judgeDomain, type DomainClassification, type DomainJob } from '../../../core/drift/multivariate';
import { faultOf, Fixture } from './trainer-fixture';

const RESULT = {
  auc: 0.8,
  low: 0.75,
  high: 0.85,
  standard_error: 0.025,
  p_value: 1e-9,
  importance: { a: 1 },
  rows: { reference: 400, current: 300 },
  clusters: null,
  versions: {},
  seconds: 1,
};

let fixture: Fixture;
beforeEach(() => (fixture = new Fixture()));
afterEach(() => fixture.close());

function classify(result: unknown): Promise<DomainClassification> {
  const worker = `
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const request = JSON.parse(line);
      const asked = JSON.parse(fs.readFileSync(request.job, 'utf8'));
      fs.writeFileSync(asked.output_dir + '/result.json', ${JSON.stringify(JSON.stringify(result))});
      say({ id: request.id, result: 'there' });
    }).on('close', () => process.exit(0));
  `;
  fixture.trainer = fixture.make({ spawn: fixture.worker(worker) });
  const job: DomainJob = {
    referenceUri: '/r.parquet',
    referenceDigest: 'aa',
    currentUri: '/c.parquet',
    currentDigest: 'bb',
    features: [{ name: 'a', kind: 'number' }],
    clusterColumn: 'hour',
    folds: 5,
    maximumRows: 1000,
    seed: 7,
    outputDir: join(fixture.folder, 'out'),
  };
  return fixture.trainer.classifyDomain(job, {
    onProgress: () => undefined,
    signal: fixture.abort.signal,
    cudaDevice: null,
    silenceMs: 20_000,
  });
}

it('the job is written in snake_case and the result is read back', async () => {
  expect(await classify(RESULT)).toMatchObject({ auc: 0.8, standardError: 0.025, pValue: 1e-9, clusters: null });
  const path = join(fixture.folder, 'out', 'job.json');
  expect(existsSync(path)).toBe(true);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
    kind: 'domain',
    reference_uri: '/r.parquet',
    current_digest: 'bb',
    cluster_column: 'hour',
    maximum_rows: 1000,
  });
});

it.each([
  ['auc', { ...RESULT, auc: 1.2 }],
  ['p_value', { ...RESULT, p_value: null }],
  ['rows', { ...RESULT, rows: { reference: -1, current: 1 } }],
  ['clusters', { ...RESULT, clusters: undefined }],
])('a wrong %s is RATCHET_TRAINER_OUTPUT', async (field, result) => {
  const fault = await faultOf(classify(result));
  expect(fault.code).toBe('RATCHET_TRAINER_OUTPUT');
  expect(fault.message).toContain(`result.${field}`);
});

describe('judgeDomain', () => {
  const result: DomainClassification = {
    auc: 0.8,
    low: 0.75,
    high: 0.85,
    standardError: 0.025,
    pValue: 1e-9,
    importance: { a: 0.1, b: 0.9 },
    rows: { reference: 400, current: 300 },
    clusters: null,
    versions: {},
    seconds: 1,
  };

  it.each([
    ['AUC 0.8 with p = 1e-9', {}, 'drift', 'domain.auc'],
    ['AUC 0.66 with p = 0.06', { auc: 0.66, pValue: 0.06 }, 'insufficient', 'domain.noise'],
    ['AUC 0.65', { auc: 0.65 }, 'ok', 'domain.auc'],
    ['AUC 0.44 with p = 0.01', { auc: 0.44, pValue: 0.01 }, 'drift', 'domain.auc'],
    ['199 rows', { rows: { reference: 400, current: 199 } }, 'insufficient', 'domain.rows'],
    ['9 clusters', { clusters: 9 }, 'insufficient', 'domain.clusters'],
    ['AUC NaN', { auc: Number.NaN }, 'insufficient', 'domain.undefined'],
  ] as const)('%s: %s', (_, change, verdict, code) => {
    const judged = judgeDomain({ ...result, ...change });
    expect([judged.verdict, judged.reason.code]).toEqual([verdict, code]);
  });

  it('names the feature that tells most', () => {
    expect(judgeDomain(result).reason.text).toMatch(/mostly by b$/);
  });

  it('a band from 0.7 to 0.6 is RATCHET_INPUT_INVALID', () => {
    expect(() => judgeDomain(result, { low: 0.7, high: 0.6 })).toThrow(
      expect.objectContaining({ code: 'RATCHET_INPUT_INVALID' }),
    );
  });
});
