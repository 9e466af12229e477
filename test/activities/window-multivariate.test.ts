import { measureWindow } from '../../activities/measure-window';
import * as memory from '../../adapters/memory';
import { buildReferenceProfile } from '../../core/drift/profile-build';
import { judgeWindow } from '../../core/judge-window';
import type { Policy } from '../../core/policy';
import { idAt, prediction, version } from '../conformance/samples';
import { testPolicy } from '../workflows/fixtures';

const ROWS = 600;
const START = Date.UTC(2026, 0, 1);
const END = START + ROWS * 1000;

const features = ['x', 'y', 'z'].map((name) => ({ name, kind: 'number' as const }));
const contract = { task: 'binary', features, layout: 'columns', classes: ['no', 'yes'], threshold: 0.5 } as const;

const xOf = (i: number): number => ((i * 37) % ROWS) / ROWS;
const zOf = (i: number): number => ((i * 211) % ROWS) / ROWS;
const noiseOf = (i: number): number => ((i * 53) % 41) / 410;
/** y follows x; in the broken window it has the same values, and follows nothing. */
const yOf = (i: number, together: boolean): number => (together ? xOf(i) + noiseOf(i) : xOf(i * 7 + 3) + noiseOf(i));

const policyWith = (multivariate: 'off' | 'warn'): Policy =>
  testPolicy({
    features: [...features],
    drift: { window: '7d', pValue: 'exact', multivariate, minRows: 100 },
  });

const profile = (multivariate: boolean) => {
  const rows = Array.from({ length: ROWS }, (_, i) => i);
  const columns = { x: rows.map(xOf), y: rows.map((i) => yOf(i, true)), z: rows.map(zOf) };
  return buildReferenceProfile({ rows: ROWS, columns }, features, { bins: 10, multivariate });
};

async function measured(together: boolean, policy: Policy, fitted = true) {
  const db = new memory.MemoryDatabase({ now: () => END });
  const ports = {
    predictions: new memory.MemoryPredictionReader(db),
    evaluations: new memory.MemoryEvaluationStore(db),
    statistics: new memory.MemoryWindowStatistics(db),
    quality: new memory.MemoryQualityStatistics(db),
    profiles: new memory.MemoryProfileStore(db),
  };
  await ports.profiles.saveProfile('late', '1', profile(fitted));
  await new memory.MemoryPredictionSink(db).write(
    Array.from({ length: ROWS }, (_, i) => {
      const at = START + i * 1000;
      const numbers = [xOf(i), yOf(i, together), zOf(i)];
      const times = { id: idAt(at), receivedAt: at, occurredAt: at };
      return prediction({ ...times, model: 'late', version: '1', numbers, strings: [] });
    }),
  );
  const m = await measureWindow(ports, {
    model: 'late',
    policy,
    version: version({ contract, golden: { features: { rows: 0, columns: {} }, scores: [], labels: [] } }),
    from: START,
    to: END,
    closedBefore: END,
    recomputation: false,
  });
  return { m, judgement: judgeWindow(m, policy) };
}

describe('principal components in a check', () => {
  it('find that y no longer follows x, while each feature alone has not moved, and warn', async () => {
    const { m, judgement } = await measured(false, policyWith('warn'));
    expect(m.drift?.verdict).toBe('noDrift');
    expect(m.multivariate?.verdict).toBe('drift');
    expect(judgement.outcome).toBe('warn');
    expect(judgement.reasons).toContainEqual(expect.objectContaining({ code: 'multivariate.reconstruction' }));
  });

  it('are ok on rows like those of the reference, and then no reason is given', async () => {
    const { m, judgement } = await measured(true, policyWith('warn'));
    expect(m.multivariate?.verdict).toBe('ok');
    expect(judgement.reasons.filter(({ code }) => code.startsWith('multivariate'))).toEqual([]);
  });

  it('are not judged where the policy does not ask', async () => {
    expect((await measured(false, policyWith('off'))).m.multivariate).toBeNull();
  });

  it('say so when the reference was made without them', async () => {
    const { m, judgement } = await measured(false, policyWith('warn'), false);
    expect(m.multivariate?.verdict).toBe('insufficient');
    expect(judgement.reasons).toContainEqual(expect.objectContaining({ code: 'multivariate.noReference' }));
  });
});
