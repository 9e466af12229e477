import type { Client, Pool } from 'pg';
import type { Logger, Route, RouteSource } from '../../core/ports';
import { rows } from './database';
import { postgresError } from './errors';
import { pg } from './peers';
import { ROUTE_CHANNEL, ROUTE_COLUMNS, toRoute, type RouteRow } from './route-row';

export interface RouteSourceOptions {
  /** The net under NOTIFY: every so often all routes are read again, milliseconds. Default 2 000. */
  readonly pollMs?: number;
  /** Reconnect waits, milliseconds: doubled from the first to the last. Default 100 to 5 000. */
  readonly backoffMs?: { readonly first: number; readonly last: number };
  readonly logger?: Pick<Logger, 'warn' | 'info'>;
}

/**
 * Routes from PostgreSQL: LISTEN on a connection of its own, a read after every notification and every `pollMs`. While
 * the database is away nothing is called back, so the gateway keeps what it knows and its own lease clock runs on.
 *
 * `start` resolves after the first full read and goes on trying until then; it rejects only when waiting cannot help
 * (RATCHET_POSTGRES_SCHEMA, RATCHET_SETUP). A renewed lease is called back too, under the same generation.
 */
export class PostgresRouteSource implements RouteSource {
  private readonly pollMs: number;
  private readonly backoff: { readonly first: number; readonly last: number };
  private readonly logger: Pick<Logger, 'warn' | 'info'> | undefined;
  private readonly seen = new Map<string, { readonly generation: number; readonly state: string }>();
  private onRoute: (route: Route) => void = () => undefined;
  private listener: Client | null = null;
  private running = false;
  private wake: () => void = () => undefined;
  private woken = false;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly pool: Pool,
    options: RouteSourceOptions = {},
  ) {
    this.pollMs = options.pollMs ?? 2_000;
    this.backoff = options.backoffMs ?? { first: 100, last: 5_000 };
    this.logger = options.logger;
  }

  async start(onRoute: (route: Route) => void): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.onRoute = onRoute;
    await new Promise<void>((resolve, reject) => {
      this.loop = this.run(resolve, reject);
    });
  }

  /** Ends the loop and its connection; a `start` still waiting for its first read resolves. */
  async stop(): Promise<void> {
    this.running = false;
    this.nudge();
    await this.loop;
  }

  private async run(ready: () => void, refuse: (error: unknown) => void): Promise<void> {
    let wait = this.backoff.first;
    let everRead = false;
    while (this.running) {
      try {
        // LISTEN before reading: a change in between is notified, not missed.
        if (this.listener === null) await this.listen();
        this.woken = false;
        await this.readAll();
        if (!everRead) ready();
        everRead = true;
        wait = this.backoff.first;
        await this.sleep(this.pollMs);
      } catch (caught) {
        const error = postgresError(caught, 'reading routes');
        await this.unlisten();
        if (!everRead && !error.retryable) {
          this.running = false;
          refuse(error);
          return;
        }
        this.logger?.warn('routes cannot be read; the last known ones stay', {
          code: error.code,
          error: error.message,
        });
        this.woken = false;
        await this.sleep(wait);
        wait = Math.min(wait * 2, this.backoff.last);
      }
    }
    await this.unlisten();
    ready();
  }

  private async listen(): Promise<void> {
    const client = new pg.Client(this.pool.options);
    const lost = (): void => {
      if (this.listener !== client) return;
      this.listener = null;
      this.nudge();
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', () => this.nudge());
    try {
      await client.connect();
      await client.query(`LISTEN ${ROUTE_CHANNEL}`);
    } catch (error) {
      void client.end().catch(() => undefined);
      throw error;
    }
    this.listener = client;
  }

  private async unlisten(): Promise<void> {
    const client = this.listener;
    this.listener = null;
    // A dead connection cannot be closed politely; either way it is gone.
    await client?.end().catch(() => undefined);
  }

  private async readAll(): Promise<void> {
    const asked = performance.now();
    const found = await rows<RouteRow>(this.pool, 'reading routes', `SELECT ${ROUTE_COLUMNS} FROM ratchet.routes`);
    const elapsed = performance.now() - asked;
    for (const row of found) {
      const state = `${row.canary_lease_until}/${row.shadow_lease_until}`;
      const last = this.seen.get(row.model);
      // An older generation can only come from a standby that lags behind.
      if (last !== undefined && row.generation < last.generation) continue;
      if (last?.generation === row.generation && last.state === state) continue;
      this.seen.set(row.model, { generation: row.generation, state });
      this.onRoute(toRoute(row, elapsed));
    }
  }

  private nudge(): void {
    this.woken = true;
    this.wake();
  }

  private async sleep(ms: number): Promise<void> {
    if (this.woken || !this.running) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => undefined;
  }
}
