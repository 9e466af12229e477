import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RatchetError } from '../core/errors';
import type { ModelContract, ModelName, ModelVersion } from '../core/model';
import { createHandler } from './endpoints';
import { DetectionGauges } from './detection-gauges';
import { registerGauges } from './gauges';
import { Access, ApiKeys } from './http/api-keys';
import { HttpServer } from './http/http-server';
import { FolderLock } from './log/folder-lock';
import { PredictionLogs } from './log/prediction-logs';
import { GatewayMetrics } from './metrics';
import { VersionCache } from './models/version-cache';
import { VersionPool } from './models/version-pool';
import { DEFAULT_LIMITS, SERVING_UNTIL_KNOWN, type GatewayLimits, type GatewayOptions } from './options';
import { Assignment, takesSameRows } from './routing/assignment';
import { KnownStateFile } from './routing/known-state';
import { RouteTable } from './routing/route-table';
import { Predictor } from './serving/predictor';
import { ShadowQueue } from './serving/shadow-queue';
import { ServingPolicies } from './serving-policies';
import { createWatchHandler, type WatchHandler } from './watch/handler';
import { describeStatus, type GatewayStatus } from './status';
import { StatusReporter, type GatewayReport } from './status-reporter';

export interface Gateway {
  /**
   * Listens and waits, within `startTimeoutMs`, for the routes and for their versions to be loaded. With PostgreSQL away it
   * starts on the last known routes. Rejects RATCHET_SETUP (port, data folder), RATCHET_POSTGRES_SCHEMA.
   */
  start(): Promise<{ readonly url: string }>;
  /** Answers what is in flight, drains the log as far as PostgreSQL allows, frees models. What is left waits on the disk. */
  stop(): Promise<void>;
  /** What GET /status answers. */
  status(): GatewayStatus;
}

/** A gateway over its ports (DESIGN §8). It never talks to Temporal. */
export function createGateway(options: GatewayOptions): Gateway {
  return new HttpGateway(options);
}

class HttpGateway implements Gateway {
  private readonly limits: GatewayLimits;
  private readonly metrics = new GatewayMetrics();
  private readonly table: RouteTable;
  private readonly pool: VersionPool;
  private readonly assignment: Assignment;
  private readonly known: KnownStateFile;
  private readonly policies: ServingPolicies;
  private readonly reporter: StatusReporter;
  private readonly server: HttpServer;
  private readonly shadows: ShadowQueue;
  private readonly predictor: Predictor;
  private readonly access: Access;
  private readonly detection: DetectionGauges | null;
  private logs: PredictionLogs | null = null;
  private lock: FolderLock | null = null;
  private routesRead = false;
  private stopping: Promise<void> | null = null;
  private policyTimer: NodeJS.Timeout | null = null;

  constructor(private readonly options: GatewayOptions) {
    const { ports, logger, clock, dataDir } = options;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.access = new Access(new ApiKeys(options.apiKeys ?? []), options.authorize ?? null);
    this.table = new RouteTable(options.monotonicMs ?? (() => performance.now()), logger, {
      onChange: () => this.routesChanged(),
      onLeaseEnd: (model, arm) => this.metrics.leaseExpiries.add({ model, arm }),
    });
    const cache = new VersionCache(dataDir, ports.models, ports.registry, logger);
    this.pool = new VersionPool(cache, ports.runtime, logger, () => this.versionsChanged());
    this.assignment = new Assignment(this.table, this.pool, options.canaryGuard);
    this.known = new KnownStateFile(dataDir, logger);
    this.policies = new ServingPolicies(ports.models, logger, (model, serving) => {
      this.logs?.of(model).reconfigure(serving);
    });
    this.shadows = new ShadowQueue(
      {
        capacity: this.limits.shadowCapacity,
        timeoutMs: this.limits.shadowTimeoutMs,
        isBusy: () => this.predictor.inFlightRows > this.limits.maxInFlightRows / 2,
        append: (model, rows) => this.openLogs().of(model).append(rows),
      },
      this.metrics,
      logger,
    );
    this.predictor = new Predictor(
      this.assignment,
      (model) => this.openLogs().of(model),
      this.shadows,
      this.metrics,
      clock,
      logger,
      this.limits,
    );
    this.reporter = new StatusReporter(
      ports.status,
      () => this.report(),
      () => this.wantVersions(),
      logger,
      { gateway: options.name, intervalMs: this.limits.statusIntervalMs, ttlMs: this.limits.statusTtlMs },
    );
    this.detection =
      ports.evaluations === undefined
        ? null
        : new DetectionGauges(ports.evaluations, logger, {
            monotonicMs: options.monotonicMs ?? (() => performance.now()),
          });
    this.detection?.register(this.metrics);
    this.server = new HttpServer(this.handler(), logger);
    registerGauges(this.metrics, {
      status: () => this.status(),
      inFlightRows: () => this.predictor.inFlightRows,
    });
  }

  async start(): Promise<{ readonly url: string }> {
    const { dataDir, logger, ports } = this.options;
    this.lock = FolderLock.acquire(dataDir);
    try {
      this.logs = new PredictionLogs(join(dataDir, 'log'), ports.sink, logger, SERVING_UNTIL_KNOWN);
      this.logs.recover();
      const host = this.options.host ?? '127.0.0.1';
      const url = await this.server.listen(host, this.options.port ?? 0);
      if (this.access.open && !isLoopback(host)) {
        logger.warn('the gateway is open to everybody who reaches it: no API keys are configured', { host });
      }
      await this.readRoutes();
      this.reporter.start();
      this.policyTimer = setInterval(() => void this.refreshPolicies(), this.limits.statusTtlMs);
      this.policyTimer.unref();
      await this.waitAtMost(this.pool.settled());
      return { url };
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  stop(): Promise<void> {
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  status(): GatewayStatus {
    return describeStatus({
      name: this.options.name,
      table: this.table,
      pool: this.pool,
      assignment: this.assignment,
      logs: this.logs?.stats() ?? [],
      shadow: this.shadows.stats(),
      routesRead: this.routesRead,
      ready: this.isReady(),
    });
  }

  private async shutDown(): Promise<void> {
    const { stopTimeoutMs } = this.limits;
    if (this.policyTimer !== null) clearInterval(this.policyTimer);
    await this.server.close(stopTimeoutMs);
    await this.shadows.stop();
    await this.options.ports.routes.stop().catch(() => undefined);
    this.table.stop();
    await this.reporter.stop();
    await this.pool.close();
    await this.logs?.close(stopTimeoutMs);
    await this.known.written();
    this.lock?.release();
  }

  private handler(): ReturnType<typeof createHandler> {
    return createHandler({
      access: this.access,
      predictor: this.predictor,
      metrics: this.metrics,
      labels: this.options.ports.labels,
      clock: this.options.clock,
      maxBodyBytes: this.limits.maxBodyBytes,
      labelGraceMs: this.limits.labelGraceMs,
      models: () => this.table.all().map((live) => live.route.model),
      describe: (model) => this.describe(model),
      isReady: () => this.isReady(),
      status: () => this.status(),
      refreshMetrics: async () => this.detection?.refresh(),
      watch: this.watchHandler(),
    });
  }

  private watchHandler(): WatchHandler | null {
    const { watch, labels } = this.options.ports;
    if (watch === undefined) return null;
    return createWatchHandler({
      ports: watch,
      access: this.access,
      labels,
      clock: this.options.clock,
      limits: this.limits,
      champion: (model) => this.table.get(model)?.route.champion ?? null,
      append: (model, serving, rows) => this.openLogs().keepSafely(model, serving, rows),
      drained: (model, timeoutMs) => this.openLogs().of(model).flush(timeoutMs),
    });
  }

  /** The routes in force: PostgreSQL's when it answers in time, else the local disk's, and PostgreSQL's when it comes back. */
  private async readRoutes(): Promise<void> {
    let fault: Error | null = null;
    const first = this.options.ports.routes
      .start((route) => this.table.apply(route))
      .then(
        () => {
          this.routesRead = true;
          this.reporter.changed();
        },
        (error: unknown) => {
          fault = error instanceof Error ? error : new Error(String(error));
        },
      );
    const kept = await this.known.read();
    // PostgreSQL gets a moment to be first: a cold route serves the champion alone
    await Promise.race([first, delay(kept === null ? this.limits.startTimeoutMs : 1000, undefined, { ref: false })]);
    if (!this.routesRead && kept !== null) {
      this.policies.remember(kept.serving);
      for (const route of kept.routes) this.table.applyCold(route);
    }
    this.noteRouteFault(fault, kept === null);
    await this.waitAtMost(this.refreshPolicies());
  }

  /** Without PostgreSQL's routes and without kept ones there is nothing to serve. */
  private noteRouteFault(fault: Error | null, nothingKept: boolean): void {
    if (fault === null) return;
    if (nothingKept) throw fault;
    this.options.logger.error('routes cannot be read', { error: fault.message });
  }

  private routesChanged(): void {
    this.wantVersions();
    this.remember();
    this.reporter.changed();
    void this.refreshPolicies();
  }

  private versionsChanged(): void {
    // a stand-in champion may be freed now
    setImmediate(() => this.wantVersions());
    this.reporter.changed();
  }

  private wantVersions(): void {
    if (this.stopping !== null) return;
    const requested = this.reporter.requested.map(({ model, version }) => [model, version] as const);
    this.pool.want([...this.assignment.wanted(), ...requested]);
  }

  private async refreshPolicies(): Promise<void> {
    const before = JSON.stringify(this.policies.all());
    await this.policies.refresh(this.table.all().map((live) => live.route.model));
    if (JSON.stringify(this.policies.all()) !== before) this.remember();
  }

  private remember(): void {
    const routes = this.table.all().map((live) => live.route);
    this.known.write(routes, this.policies.all());
  }

  private report(): GatewayReport {
    const versions = this.pool.states().flatMap(({ model, version, state, error }) => {
      if (state === 'loading') return [];
      const misfit = state === 'ready' ? this.misfit(model, version) : null;
      return [
        {
          model,
          version,
          state: misfit === null ? state : ('failed' as const),
          error: misfit ?? error,
        },
      ];
    });
    const live = this.table.all().filter((entry) => !entry.cold);
    return {
      versions,
      appliedGenerations: Object.fromEntries(live.map(({ route }) => [route.model, route.generation])),
    };
  }

  /** Loaded, and yet of no use here: it takes other rows than the champion. */
  private misfit(model: ModelName, version: ModelVersion): string | null {
    const serving = this.assignment.serving(model);
    const slot = this.pool.slot(model, version);
    if (serving == null || slot === null || takesSameRows(slot, serving.champion.slot)) return null;
    return `RATCHET_MODEL_CONTRACT: features or classes differ from those of the champion ${serving.champion.version}`;
  }

  private describe(model: ModelName): { readonly contract: ModelContract; readonly versions: ModelVersion[] } {
    const serving = this.assignment.serving(model);
    if (serving === undefined) throw new RatchetError('RATCHET_MODEL_UNKNOWN', `No model ${model} is routed here.`);
    if (serving === null) {
      throw new RatchetError('RATCHET_VERSION_NOT_LOADED', `No version of model ${model} is loaded on this gateway.`);
    }
    const versions = this.pool.states().filter((entry) => entry.model === model && entry.state === 'ready');
    return { contract: serving.champion.slot.contract, versions: versions.map((entry) => entry.version) };
  }

  private isReady(): boolean {
    if (this.stopping !== null) return false;
    const live = this.table.all();
    if (!this.routesRead && live.length === 0) return false;
    return live.every(({ route }) => this.assignment.serving(route.model) != null);
  }

  private openLogs(): PredictionLogs {
    if (this.logs === null) throw new RatchetError('RATCHET_INTERNAL', 'The gateway was used before it started.');
    return this.logs;
  }

  private async waitAtMost(work: Promise<unknown>): Promise<void> {
    const given = new AbortController();
    const limit = delay(this.limits.startTimeoutMs, undefined, { signal: given.signal }).catch(() => undefined);
    await Promise.race([work, limit]);
    given.abort();
  }
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');
