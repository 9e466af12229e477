import { isRatchetError } from '../../core/errors';
import type { ModelName, ModelVersion } from '../../core/model';
import type { Logger, ModelRuntime } from '../../core/ports';
import { checkGoldenRows } from './golden-check';
import { InlineModelSlot, type ModelSlot } from './model-slot';
import { RunLane } from './run-lane';
import type { VersionCache } from './version-cache';

export interface VersionState {
  readonly model: ModelName;
  readonly version: ModelVersion;
  readonly state: 'loading' | 'ready' | 'failed';
  /** `CODE: message` of the last failure. */
  readonly error: string | null;
}

interface Entry {
  readonly model: ModelName;
  readonly version: ModelVersion;
  state: VersionState['state'];
  error: string | null;
  slot: ModelSlot | null;
  wanted: boolean;
  retry: NodeJS.Timeout | null;
  /** First attempt settled, well or not. */
  settled: Promise<void>;
}

const RETRY_MIN_MS = 1000;
const RETRY_MAX_MS = 60_000;

const entryKey = (model: ModelName, version: ModelVersion): string => `${model}\n${version}`;

/**
 * Loads the versions that somebody wants and frees the others. A version is `ready` only after its file's digest, its
 * contract and its golden rows were checked; until then no request sees it.
 */
export class VersionPool {
  private readonly entries = new Map<string, Entry>();
  private readonly lane = new RunLane();
  private closed = false;

  constructor(
    private readonly cache: VersionCache,
    private readonly runtime: ModelRuntime,
    private readonly logger: Logger,
    private readonly onChange: () => void,
  ) {}

  /** The slot of a version that is ready; null otherwise. */
  slot(model: ModelName, version: ModelVersion): ModelSlot | null {
    return this.entries.get(entryKey(model, version))?.slot ?? null;
  }

  states(): readonly VersionState[] {
    return [...this.entries.values()].map(({ model, version, state, error }) => ({ model, version, state, error }));
  }

  stateOf(model: ModelName, version: ModelVersion): VersionState | null {
    const entry = this.entries.get(entryKey(model, version));
    return entry === undefined ? null : { model, version, state: entry.state, error: entry.error };
  }

  /** Loads what is new in `wanted` and frees what is no longer in it, after its last request. */
  want(wanted: Iterable<readonly [ModelName, ModelVersion]>): void {
    if (this.closed) return;
    const keep = new Set<string>();
    for (const [model, version] of wanted) {
      const key = entryKey(model, version);
      keep.add(key);
      if (!this.entries.has(key)) this.add(key, model, version);
    }
    for (const [key, entry] of this.entries) {
      if (!keep.has(key)) this.drop(key, entry);
    }
  }

  /** Resolves when every version wanted now was tried once. */
  async settled(): Promise<void> {
    await Promise.all([...this.entries.values()].map((entry) => entry.settled));
  }

  async close(): Promise<void> {
    this.closed = true;
    const entries = [...this.entries];
    for (const [key, entry] of entries) this.drop(key, entry);
    await Promise.all(entries.map(([, entry]) => entry.settled));
  }

  private add(key: string, model: ModelName, version: ModelVersion): void {
    const entry: Entry = {
      model,
      version,
      state: 'loading',
      error: null,
      slot: null,
      wanted: true,
      retry: null,
      settled: Promise.resolve(),
    };
    this.entries.set(key, entry);
    entry.settled = this.attempt(entry, RETRY_MIN_MS);
  }

  private drop(key: string, entry: Entry): void {
    this.entries.delete(key);
    entry.wanted = false;
    if (entry.retry !== null) clearTimeout(entry.retry);
    const slot = entry.slot;
    entry.slot = null;
    if (slot !== null) {
      this.logger.info('version freed', { model: entry.model, version: entry.version });
      this.release(slot);
    }
    this.onChange();
  }

  private release(slot: ModelSlot): void {
    slot.release().catch((error: unknown) => {
      this.logger.warn('a model could not be freed', { error: String(error) });
    });
  }

  private async attempt(entry: Entry, retryMs: number): Promise<void> {
    try {
      const slot = await this.load(entry);
      if (!entry.wanted) {
        this.release(slot);
        return;
      }
      entry.slot = slot;
      entry.state = 'ready';
      entry.error = null;
      this.logger.info('version ready', { model: entry.model, version: entry.version });
    } catch (error) {
      if (!entry.wanted) return;
      const text = isRatchetError(error) ? `${error.code}: ${error.message}` : `RATCHET_INTERNAL: ${String(error)}`;
      if (entry.error !== text) {
        this.logger.error('version does not load', { model: entry.model, version: entry.version, error: text });
      }
      entry.state = 'failed';
      entry.error = text;
      // Also for faults that look final: somebody may put the right file back, and a try a minute costs nothing.
      const wait = isRatchetError(error) && !error.retryable ? RETRY_MAX_MS : retryMs;
      entry.retry = setTimeout(() => {
        entry.retry = null;
        void this.attempt(entry, Math.min(retryMs * 2, RETRY_MAX_MS));
      }, wait);
      entry.retry.unref();
    }
    this.onChange();
  }

  private async load({ model, version }: Entry): Promise<ModelSlot> {
    const record = await this.cache.record(model, version);
    const loaded = await this.runtime.load(await this.cache.file(record), record.contract);
    const slot = new InlineModelSlot(record.contract, loaded, this.lane);
    try {
      await checkGoldenRows(slot, record.golden);
    } catch (error) {
      this.release(slot);
      throw error;
    }
    return slot;
  }
}
