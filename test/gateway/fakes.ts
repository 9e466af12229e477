import { createHash } from 'node:crypto';
import { RatchetError } from '../../core/errors';
import type {
  FeatureColumns,
  GoldenRows,
  ModelContract,
  ModelVersion,
  PredictionValue,
  VersionRecord,
} from '../../core/model';
import type { Policy, ServingPolicy } from '../../core/policy';
import type {
  GatewayStatusStore,
  LabelInput,
  LabelOutcome,
  LoadedModel,
  Logger,
  PredictionRecord,
  Route,
} from '../../core/ports';
import { createGateway, type Gateway, type GatewayOptions, type GatewayPorts } from '../../gateway';
import { temporaryFolder } from '../setup/temporary-folder';

export const MODEL = 'late-flights';

export const CONTRACT: ModelContract = {
  task: 'binary',
  features: [
    { name: 'distance', kind: 'number' },
    { name: 'carrier', kind: 'string' },
  ],
  layout: 'columns',
  classes: ['ontime', 'late'],
  threshold: 0.5,
};

export const SERVING: ServingPolicy = { log: 'os', onLogFull: 'refuse', maxLogBytes: 10_000_000 };

/** The "file" of a version is its name; the runtime below knows what each does. */
const fileOf = (version: ModelVersion): Uint8Array => Buffer.from(`model ${version}`);
const sha256 = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

/** Score of version v on a row: v / 10, so that an answer tells which version gave it. */
const scoreOf = (version: ModelVersion): number => Number(version) / 10;

export type Behaviour = (features: FeatureColumns) => Promise<readonly PredictionValue[]>;

export const answers =
  (score: number): Behaviour =>
  (features) =>
    Promise.resolve(
      Array.from({ length: features.rows }, () => ({
        score,
        label: score >= 0.5 ? 'late' : 'ontime',
        probabilities: null,
      })),
    );

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** All ports of one gateway, in memory, each with a switch to break it. */
export class FakeWorld {
  readonly lines: LogLine[] = [];
  readonly written: PredictionRecord[] = [];
  readonly saved: LabelInput[] = [];
  readonly reports: Parameters<GatewayStatusStore['report']>[] = [];
  readonly behaviours = new Map<ModelVersion, Behaviour>();
  readonly batches: { readonly version: ModelVersion; readonly rows: number }[] = [];
  readonly released: ModelVersion[] = [];
  readonly dataDir = temporaryFolder('gateway');
  routes: Route[] = [];
  serving: ServingPolicy = SERVING;
  requested: { model: string; version: ModelVersion }[] = [];
  contract: ModelContract = CONTRACT;
  contractOf = new Map<ModelVersion, ModelContract>();
  goldenOf = new Map<ModelVersion, Partial<GoldenRows>>();
  postgresUp = true;
  registryUp = true;
  registryFile: (version: ModelVersion) => Uint8Array = fileOf;
  labelOutcome: LabelOutcome = 'accepted';
  /** Milliseconds of the injected clocks. */
  monotonic = 1_000;
  now = Date.UTC(2026, 0, 15);
  fetches = 0;
  private push: ((route: Route) => void) | null = null;

  readonly logger: Logger = {
    debug: (message, fields = {}) => void this.lines.push({ level: 'debug', message, fields }),
    info: (message, fields = {}) => void this.lines.push({ level: 'info', message, fields }),
    warn: (message, fields = {}) => void this.lines.push({ level: 'warn', message, fields }),
    error: (message, fields = {}) => void this.lines.push({ level: 'error', message, fields }),
  };

  readonly ports: GatewayPorts = {
    models: {
      getModel: (model) => {
        this.needPostgres();
        return Promise.resolve({
          model,
          policy: { serving: this.serving } as Policy,
          policyDigest: '',
          createdAt: 0,
        });
      },
      getVersion: (_model, version) => {
        if (!this.postgresUp) return Promise.reject(away());
        return Promise.resolve(this.version(version));
      },
    },
    registry: {
      fetchModel: (uri) => {
        this.fetches += 1;
        if (!this.registryUp) {
          return Promise.reject(new RatchetError('RATCHET_MLFLOW_UNAVAILABLE', 'MLflow does not answer.'));
        }
        return Promise.resolve(this.registryFile(uri.split('/').at(-1) ?? ''));
      },
    },
    routes: {
      start: (onRoute) => {
        this.push = onRoute;
        if (!this.postgresUp) return new Promise(() => undefined);
        this.routes.forEach((route) => onRoute(route));
        return Promise.resolve();
      },
      stop: () => Promise.resolve(),
    },
    status: {
      report: (...args) => {
        if (!this.postgresUp) return Promise.reject(away());
        this.reports.push(args);
        return Promise.resolve();
      },
      requestedLoads: () => Promise.resolve(this.requested),
      readiness: () => Promise.resolve([]),
      requestLoad: () => Promise.resolve(),
      cancelLoad: () => Promise.resolve(),
    },
    labels: {
      saveLabels: (_model, labels) => {
        if (!this.postgresUp) return Promise.reject(away());
        this.saved.push(...labels);
        return Promise.resolve(labels.map(() => this.labelOutcome));
      },
    },
    sink: {
      write: (rows) => {
        if (!this.postgresUp) return Promise.reject(away());
        this.written.push(...rows);
        return Promise.resolve();
      },
    },
    runtime: { load: (file) => this.load(Buffer.from(file as Uint8Array).toString()) },
  };

  /** Sets the route and tells a running gateway. */
  route(change: Partial<Route> = {}): Route {
    const last = this.routes.at(-1);
    const route: Route = {
      model: MODEL,
      generation: (last?.generation ?? 0) + 1,
      champion: '1',
      previous: null,
      canary: null,
      shadow: null,
      salt: 'salt',
      ...change,
    };
    this.routes = [...this.routes.filter((r) => r.model !== route.model), route];
    this.push?.(route);
    return route;
  }

  /** Tells the gateway about a route that it may know already (a poll). */
  repeat(route: Route): void {
    this.push?.(route);
  }

  gateway(options: Partial<GatewayOptions> = {}): Gateway {
    return createGateway({
      ports: this.ports,
      clock: { now: () => this.now },
      monotonicMs: () => this.monotonic,
      logger: this.logger,
      name: 'gateway-under-test',
      dataDir: this.dataDir,
      ...options,
      limits: { statusIntervalMs: 20, startTimeoutMs: 2_000, stopTimeoutMs: 500, ...options.limits },
    });
  }

  private version(version: ModelVersion): VersionRecord {
    const score = scoreOf(version);
    const features = {
      rows: 2,
      columns: Object.fromEntries(
        this.contract.features.map((f) => [f.name, f.kind === 'number' ? [1, null] : ['AA', null]]),
      ),
    };
    const golden: GoldenRows = {
      features,
      scores: [score, score],
      labels: score >= 0.5 ? ['late', 'late'] : ['ontime', 'ontime'],
      ...this.goldenOf.get(version),
    };
    return {
      model: MODEL,
      version,
      sha256: sha256(fileOf(version)),
      artifactUri: `fake:/${version}`,
      contract: this.contractOf.get(version) ?? this.contract,
      golden,
      holdoutMetrics: {},
      referenceProfile: null,
      mlflow: { runId: null, modelId: null },
      blessings: [],
      createdAt: 0,
      origin: 'test',
    };
  }

  private load(file: string): Promise<LoadedModel> {
    const version = /^model (\d+)$/.exec(file)?.[1];
    if (version === undefined) {
      return Promise.reject(new RatchetError('RATCHET_MODEL_LOAD_FAILED', 'The ONNX file does not load: garbage.'));
    }
    // golden rows are answered well; afterwards the version does what the test says
    let checked = false;
    return Promise.resolve({
      predict: (features) => {
        const behaviour = checked ? this.behaviours.get(version) : undefined;
        checked = true;
        this.batches.push({ version, rows: features.rows });
        return (behaviour ?? answers(scoreOf(version)))(features);
      },
      release: () => {
        this.released.push(version);
        return Promise.resolve();
      },
    });
  }

  private needPostgres(): void {
    if (!this.postgresUp) throw away();
  }
}

const away = (): RatchetError => new RatchetError('RATCHET_POSTGRES_UNAVAILABLE', 'PostgreSQL does not answer.');

export const canaryPart = (weight: number, leaseRemainingMs = 60_000): NonNullable<Route['canary']> => ({
  version: '2',
  weight,
  run: 'canary/late-flights/2:run-1',
  step: 0,
  leaseRemainingMs,
});

export const shadowPart = (share = 10_000, leaseRemainingMs = 60_000): NonNullable<Route['shadow']> => ({
  version: '2',
  share,
  run: 'shadow/late-flights/2:run-1',
  leaseRemainingMs,
});

export interface HttpResult {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
  readonly headers: Headers;
}

export async function send(
  url: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<HttpResult> {
  const init =
    body === undefined
      ? { headers }
      : {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', ...headers },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        };
  const response = await fetch(`${url}${path}`, init);
  const text = await response.text();
  let parsed: Record<string, unknown> = {};
  try {
    parsed = JSON.parse(text) as Record<string, unknown>;
  } catch {
    // metrics are text
  }
  return { status: response.status, body: parsed, text, headers: response.headers };
}

export interface InferAnswer {
  readonly ids: readonly string[];
  readonly versions: readonly string[];
  readonly arms: readonly string[];
  readonly generation: number;
  readonly probabilities: readonly number[];
}

/** A good request of `rows` rows; throws when it is refused. */
export async function infer(url: string, parameters: Record<string, unknown> = {}, rows = 1): Promise<InferAnswer> {
  const result = await send(url, `/v2/models/${MODEL}/infer`, goodBody(rows, parameters));
  if (result.status !== 200) throw new Error(`status ${result.status}: ${result.text}`);
  const given = result.body['parameters'] as Record<string, unknown>;
  const outputs = result.body['outputs'] as { name: string; data: number[] }[];
  return {
    ids: given['prediction_ids'] as string[],
    versions: given['versions'] as string[],
    arms: given['arms'] as string[],
    generation: given['generation'] as number,
    probabilities: outputs.find((o) => o.name === 'probability')?.data ?? [],
  };
}

export const goodBody = (rows = 1, parameters: Record<string, unknown> = {}): Record<string, unknown> => ({
  inputs: [
    { name: 'distance', datatype: 'FP64', shape: [rows], data: new Array<number>(rows).fill(700) },
    { name: 'carrier', datatype: 'BYTES', shape: [rows, 1], data: new Array<string>(rows).fill('UA') },
  ],
  parameters,
});

/** Awaits a condition, not a time. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 2_000; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`never happened: ${what}`);
}
