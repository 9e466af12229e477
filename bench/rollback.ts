/**
 * `npm run bench:rollback`: how long a bad canary goes on answering after the decision to roll it back. Real gateway process,
 * real PostgreSQL, half of the traffic on the canary, and the route change that the `rollBackCanary` activity makes.
 */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PostgresClaimStore, PostgresRouteStore } from '../adapters/postgres';
import type { DecisionDraft, Fence, Route, RouteChange } from '../core/ports';
import { startLoad, type AnswerSeen } from './load/closed-loop';
import { describeMachine } from './report/machine';
import { metricOf } from './report/metric';
import { printReport } from './report/print';
import { startServer } from './servers/start-server';
import { benchArguments } from './world/arguments';
import { startBenchDatabase } from './world/database';
import { inferBodies } from './world/requests';
import { progress, runBench } from './world/run-bench';
import { adoptModel, MODEL, trainModel } from './world/trained-model';

const CANARY = '2';
const WEIGHT = 5000;
const LEASE_MS = 60_000;
/** Canary answers that must be seen before each rollback, so that there is something to roll back. */
const ANSWERS_FIRST = 20;
/** Flagger's and Argo's documented examples (docs: deployment strategies; analysis), as quoted in the notes. */
const FLAGGER = { name: 'Flagger, 1 min × 10 checks', value: 600_000 };
const ARGO = { name: 'Argo Rollouts, 5 min × 3 failures, at least', value: 600_000 };

/** One rollback, milliseconds. */
interface Rollback {
  /** From the decision (before the transaction) to the last answer of the canary. */
  readonly decided: number;
  /** From the commit of decision and route; 0 when the last answer came before. */
  readonly recorded: number;
  /** The transaction alone. */
  readonly transaction: number;
  readonly badAnswers: number;
}

runBench(async (cleanup) => {
  const { rollbacks, connections, features, trees } = benchArguments(
    'npm run bench:rollback -- [--quick] [--rollbacks N] [--connections N]',
    {
      rollbacks: { full: 200, quick: 60 },
      connections: { full: 8, quick: 8 },
      features: { full: 50, quick: 20 },
      trees: { full: 200, quick: 100 },
    },
  );
  const database = await startBenchDatabase(cleanup);
  progress(`training LightGBM, ${trees} trees × ${features} features`);
  const trained = await trainModel(cleanup, database.folder, { rows: 20_000, features, trees });
  await adoptModel(database.pool, trained, ['1', CANARY]);
  const gateway = await startServer(
    cleanup,
    'ratchet-gateway',
    [mkdtempSync(join(database.folder, 'gateway-'))],
    database.url,
  );

  const watch = new AnswerWatch(connections);
  const load = startLoad({
    url: gateway.url,
    path: `/v2/models/${MODEL}/infer`,
    bodies: inferBodies(512, features),
    connections,
    onAnswer: (answer) => watch.see(answer),
  });
  const routes = new PostgresRouteStore(database.pool);
  const fence = await new PostgresClaimStore(database.pool).claim(MODEL, 'rollout', 'bench');
  const change = (what: RouteChange, key: string): Promise<Route> =>
    routes.changeRoute(MODEL, what, fence, draft(key, what.kind, fence));

  const seen: Rollback[] = [];
  for (let i = 0; i < rollbacks; i++) {
    const run = `bench:${i}`;
    watch.reset();
    await change(
      { kind: 'setCanary', version: CANARY, weight: WEIGHT, run, step: 0, leaseMs: LEASE_MS, salt: run },
      `${run}:set`,
    );
    await until(() => watch.canaryAnswers >= ANSWERS_FIRST, 'the canary answers');
    // anywhere in the stream of requests, not always right after an answer
    await delay(i % 10);
    const decidedAt = performance.now();
    const badBefore = watch.canaryAnswers;
    const { generation } = await change({ kind: 'clearCanary' }, `${run}:rollback`);
    const recordedAt = performance.now();
    await until(() => watch.allPast(generation), 'every connection has two answers of the new route');
    seen.push({
      decided: Math.max(0, watch.lastCanaryAt - decidedAt),
      recorded: Math.max(0, watch.lastCanaryAt - recordedAt),
      transaction: recordedAt - decidedAt,
      badAnswers: watch.canaryAnswers - badBefore,
    });
    if ((i + 1) % 20 === 0) progress(`${i + 1}/${rollbacks}`);
  }
  const { requestsPerSecond, refused } = await load.stop();

  const decided = seen.map((s) => s.decided);
  const metric = (id: string, ours: readonly number[], q: number, published?: typeof FLAGGER) =>
    metricOf({ id: `rollback.${id}`, unit: 'ms', ours, quantile: q, ...(published ? { published } : {}) });
  printReport(
    'bench:rollback',
    describeMachine(),
    [
      metric('decision_to_last_bad_answer.p50', decided, 0.5, FLAGGER),
      metric('decision_to_last_bad_answer.p99', decided, 0.99, FLAGGER),
      metric('decision_to_last_bad_answer.p99.argo', decided, 0.99, ARGO),
      metric(
        'record_to_last_bad_answer.p50',
        seen.map((s) => s.recorded),
        0.5,
      ),
      metric(
        'record_to_last_bad_answer.p99',
        seen.map((s) => s.recorded),
        0.99,
      ),
      metric(
        'transaction.p50',
        seen.map((s) => s.transaction),
        0.5,
      ),
      {
        ...metric(
          'bad_answers_after_decision.p50',
          seen.map((s) => s.badAnswers),
          0.5,
        ),
        unit: 'answers',
      },
    ],
    [
      `${rollbacks} rollbacks under ${Math.round(requestsPerSecond)} req/s on ${connections} connections, canary at ${WEIGHT / 100} %; not 200: ${refused}.`,
      rollbacks < 100 ? `With ${rollbacks} rollbacks p99 is the worst of them.` : 'p99 is over all rollbacks.',
      'The decision is the call of changeRoute (route, decision record and NOTIFY in one transaction); the last answer is seen by the client.',
      "The peers' figures are their documented detection-and-rollback times (published, not measured here): theirs include waiting for failing checks, ours starts when the decision is there. Temporal's activity start (~50 ms in the notes) is in neither.",
    ],
  );
});

/** What the clients see of the canary. */
class AnswerWatch {
  canaryAnswers = 0;
  lastCanaryAt = -Infinity;
  private generations: number[][];

  constructor(private readonly connections: number) {
    this.generations = this.none();
  }

  reset(): void {
    this.canaryAnswers = 0;
    this.lastCanaryAt = -Infinity;
    this.generations = this.none();
  }

  see({ connection, at, body }: AnswerSeen): void {
    const { parameters } = JSON.parse(body) as {
      readonly parameters: { readonly arms: readonly string[]; readonly generation: number };
    };
    const last = this.generations[connection] as number[];
    this.generations[connection] = [last[1] as number, parameters.generation];
    if (parameters.arms[0] !== 'canary') return;
    this.canaryAnswers += 1;
    this.lastCanaryAt = at;
  }

  /** Every connection has had two answers under this generation: nothing of the old route is in flight any more. */
  allPast(generation: number): boolean {
    return this.generations.every((last) => last.every((g) => g >= generation));
  }

  private none(): number[][] {
    return Array.from({ length: this.connections }, () => [-1, -1]);
  }
}

const draft = (key: string, kind: string, fence: Fence): DecisionDraft => ({
  key,
  model: MODEL,
  version: CANARY,
  kind: `route.${kind}`,
  verdict: kind === 'clearCanary' ? 'fail' : null,
  reasons: [],
  evidence: {},
  actor: 'bench',
  reason: 'benchmark',
  workflowId: fence.holder,
});

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never happened: ${what}`);
    await delay(1);
  }
}
