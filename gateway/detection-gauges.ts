import { DETECTION_GAUGES, detectionGauges } from '../core/gauges/detection-gauges';
import type { GaugeFamily, Labels } from '../core/gauges/exposition';
import type { EvaluationStore, Logger } from '../core/ports';
import { Gauge, type MetricsRegistry } from './metrics';

/** PostgreSQL is asked at most this often, however many scrape. */
const REFRESH_MS = 15_000;
/** A scrape waits this long for it and then shows what was read before. */
const WAIT_MS = 1_000;

export interface DetectionGaugesOptions {
  /** Milliseconds on a clock that never steps. */
  readonly monotonicMs: () => number;
  readonly refreshMs?: number;
  readonly waitMs?: number;
}

/**
 * What the checks found last, for every model, in the gateway's metrics. When PostgreSQL cannot be read the last values stay,
 * and `ratchet_detection_age_seconds` says how old they are.
 */
export class DetectionGauges {
  private families: ReadonlyMap<string, GaugeFamily> = new Map();
  private readAt: number | null = null;
  private askedAt: number | null = null;
  private failures = 0;
  private reading: Promise<void> | null = null;

  constructor(
    private readonly evaluations: Pick<EvaluationStore, 'newestEvaluations'>,
    private readonly logger: Logger,
    private readonly options: DetectionGaugesOptions,
  ) {}

  /** Reads again when the last attempt is old enough; scrapes at the same time share one query. Never rejects. */
  async refresh(): Promise<void> {
    const { monotonicMs, refreshMs = REFRESH_MS, waitMs = WAIT_MS } = this.options;
    const now = monotonicMs();
    if (this.reading === null && (this.askedAt === null || now - this.askedAt >= refreshMs)) {
      this.askedAt = now;
      this.reading = this.read().finally(() => {
        this.reading = null;
      });
    }
    if (this.reading === null) return;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitMs);
    });
    await Promise.race([this.reading, limit]);
    clearTimeout(timer);
  }

  register(metrics: MetricsRegistry): void {
    for (const { name, help } of DETECTION_GAUGES) {
      metrics.register(
        new Gauge(name, help, () =>
          (this.families.get(name)?.samples ?? []).map(({ labels, value }): [Labels, number] => [labels, value]),
        ),
      );
    }
    metrics.register(
      new Gauge('ratchet_detection_age_seconds', 'Since the evaluations were last read.', () =>
        this.readAt === null ? [] : [[{}, (this.options.monotonicMs() - this.readAt) / 1000]],
      ),
    );
    metrics.register(
      new Gauge(
        'ratchet_detection_read_failures_total',
        'Times that the evaluations could not be read.',
        () => [[{}, this.failures]],
        'counter',
      ),
    );
  }

  private async read(): Promise<void> {
    try {
      const newest = await this.evaluations.newestEvaluations();
      this.families = new Map(detectionGauges(newest).map((family) => [family.name, family]));
      this.readAt = this.options.monotonicMs();
    } catch (error) {
      this.failures++;
      this.logger.warn('the newest evaluations cannot be read; the gauges keep their last values', {
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
