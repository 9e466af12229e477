import { readCsvBytes } from '../../adapters/csv';
import {
  MemoryDatabase,
  MemoryEvaluationStore,
  MemoryLabelStore,
  MemoryModelStore,
  MemoryPredictionReader,
  MemoryPredictionSink,
  MemoryProfileStore,
  MemoryQualityStatistics,
  MemoryTriggerInbox,
  MemoryWindowStatistics,
} from '../../adapters/memory';
import type { Gateway, GatewayOptions, WatchPorts } from '../../gateway';
import { FakeWorld, send, type HttpResult } from './fakes';

export const NOW = Date.UTC(2026, 2, 2);
export const MODEL_NAME = 'churn-elsewhere';
export const SECRET = 'correct horse battery';

/** A gateway with the watch API over memory stores, and the address of it. */
export class WatchWorld {
  readonly fakes = new FakeWorld();
  readonly db = new MemoryDatabase({ now: () => NOW });
  readonly evaluations = new MemoryEvaluationStore(this.db);
  readonly watch: WatchPorts = {
    models: new MemoryModelStore(this.db),
    profiles: new MemoryProfileStore(this.db),
    statistics: new MemoryWindowStatistics(this.db),
    quality: new MemoryQualityStatistics(this.db),
    predictions: new MemoryPredictionReader(this.db),
    evaluations: this.evaluations,
    triggers: new MemoryTriggerInbox(this.db),
    readTable: (bytes) => readCsvBytes(bytes, { name: "the request's body" }),
    secretOf: (name) => ({ CHURN_SECRET: SECRET })[name],
    renderReport: (report) => Promise.resolve(`<!doctype html><title>${report.verdict}</title>`),
  };
  private gateway: Gateway | null = null;
  url = '';

  async start(options: Partial<GatewayOptions> = {}): Promise<void> {
    this.fakes.now = NOW;
    this.gateway = this.fakes.gateway({
      ...options,
      ports: {
        ...this.fakes.ports,
        labels: new MemoryLabelStore(this.db),
        sink: new MemoryPredictionSink(this.db),
        watch: this.watch,
        ...options.ports,
      },
    });
    ({ url: this.url } = await this.gateway.start());
  }

  async stop(): Promise<void> {
    await this.gateway?.stop();
  }

  get(path: string, headers: Record<string, string> = {}): Promise<HttpResult> {
    return send(this.url, path, undefined, headers);
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<HttpResult> {
    return send(this.url, path, body, headers);
  }

  async put(path: string, body: unknown, headers: Record<string, string> = {}): Promise<HttpResult> {
    const response = await fetch(`${this.url}${path}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    return {
      status: response.status,
      text,
      body: JSON.parse(text) as Record<string, unknown>,
      headers: response.headers,
    };
  }

  register(change: Record<string, unknown> = {}): Promise<HttpResult> {
    return this.put(`/v1/models/${MODEL_NAME}`, { policy: POLICY, ...change });
  }
}

export const POLICY = {
  task: 'binary',
  features: [
    { name: 'age', kind: 'number' },
    { name: 'plan', kind: 'string' },
  ],
  classes: ['stays', 'leaves'],
  drift: { minRows: 50, minFeatures: 1 },
  triggers: {
    webhooks: [
      { source: 'webhook', secretEnv: 'CHURN_SECRET' },
      { source: 'mlflow', secretEnv: 'NOT_SET' },
      { source: 'alertmanager', secretEnv: null },
    ],
  },
};

const HOUR = 3_600_000;
export const DAY = { from: NOW - 24 * HOUR, to: NOW };
export const windowOf = ({ from, to }: { from: number; to: number } = DAY): string =>
  `from=${new Date(from).toISOString()}&to=${to}`;

/** Rows over the last day; `shift` moves the ages. Every third customer leaves, and the model is right about nine of ten. */
export const rows = (n: number, shift = 0) =>
  Array.from({ length: n }, (_, i) => {
    const leaves = i % 3 === 0;
    const answersLeaves = i % 10 === 9 ? !leaves : leaves;
    return {
      id: `customer-${i}`,
      occurredAt: NOW - 1 - ((i * 997) % (24 * 3600)) * 1000,
      features: { age: 20 + ((i * 7) % 50) + shift, plan: ['basic', 'gold', 'silver'][(i * 5) % 3] as string },
      score: answersLeaves ? 0.8 : 0.2,
    };
  });

export const truths = (n: number) =>
  Array.from({ length: n }, (_, i) => ({ id: `customer-${i}`, value: i % 3 === 0 ? 'leaves' : 'stays' }));

export const referenceCsv = (n: number): string =>
  ['age,plan,score', ...rows(n).map(({ features, score }) => `${features.age},${features.plan},${score}`)].join('\n');
