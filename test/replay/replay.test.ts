import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { temporal } from '@temporalio/proto';
import { Worker, type ReplayHistoriesIterable } from '@temporalio/worker';
import { quietRuntime, workflowBundle } from '../workflows/harness';
import { HISTORIES, INDEX, recordHistories } from './record';

const NAMES = [
  'canary-promoted',
  'canary-rolled-back',
  'canary-approved',
  'shadow-passed',
  'retrain-challenger',
  'retrain-refused',
  'retrain-failed',
  'model-heal',
  'drift-check-breach',
  'rollback',
];
const { History } = temporal.api.history.v1;

describe('recorded histories', () => {
  let index: Readonly<Record<string, string>>;
  beforeAll(async () => {
    quietRuntime();
    if (process.env['RATCHET_RECORD_HISTORIES'] === '1') await recordHistories();
    index = JSON.parse(await readFile(INDEX, 'utf8')) as Record<string, string>;
  });
  const read = async (name: string): Promise<temporal.api.history.v1.History> =>
    History.decode(await readFile(path.join(HISTORIES, `${name}.bin`)));

  async function replay(histories: ReplayHistoriesIterable): Promise<Record<string, string | null>> {
    const seen: Record<string, string | null> = {};
    for await (const { workflowId, error } of Worker.runReplayHistories(
      { workflowBundle: await workflowBundle() },
      histories,
    ))
      seen[workflowId] = error === undefined ? null : String(error);
    return seen;
  }

  it(`are the ${NAMES.length} that the recorder makes`, () => {
    expect(Object.keys(index).sort()).toEqual([...NAMES].sort());
  });

  it('replay without a difference under the workflow code of today', async () => {
    const histories = await Promise.all(
      NAMES.map(async (name) => ({ workflowId: index[name] as string, history: await read(name) })),
    );
    expect(histories.every(({ history }) => history.events.length > 5)).toBe(true);
    expect(await replay(histories)).toEqual(Object.fromEntries(NAMES.map((name) => [index[name], null])));
  });

  it('do not replay under another workflow: the check can fail', async () => {
    const history = await read('canary-promoted');
    const started = history.events[0]?.workflowExecutionStartedEventAttributes;
    expect(started?.workflowType?.name).toBe('canary');
    if (started?.workflowType != null) started.workflowType.name = 'shadowTest';
    const workflowId = index['canary-promoted'] as string;
    expect((await replay([{ workflowId, history }]))[workflowId]).toMatch(
      /TMPRL1100|Nondeterminism|DeterminismViolation/i,
    );
  });
});
