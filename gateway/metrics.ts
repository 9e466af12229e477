import { labelText, type Labels } from '../core/gauges/exposition';

export type { Labels } from '../core/gauges/exposition';

/**
 * Counters, gauges and histograms in the Prometheus text format 0.0.4. Hand-written because this is all of it that the
 * gateway needs; a dependency would weigh more than these lines.
 */

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  lines(): string[];
}

export class Counter implements Family {
  readonly type = 'counter';
  private readonly values = new Map<string, number>();

  constructor(
    readonly name: string,
    readonly help: string,
  ) {}

  add(labels: Labels, by = 1): void {
    const key = labelText(labels);
    this.values.set(key, (this.values.get(key) ?? 0) + by);
  }

  /** Value of one label set, for tests and /status. */
  get(labels: Labels): number {
    return this.values.get(labelText(labels)) ?? 0;
  }

  lines(): string[] {
    return [...this.values].map(([key, value]) => `${this.name}${key} ${value}`);
  }
}

/** Read at scrape time, so that it can never lag behind what it shows. */
export class Gauge implements Family {
  constructor(
    readonly name: string,
    readonly help: string,
    private readonly read: () => Iterable<readonly [Labels, number]>,
    readonly type: 'gauge' | 'counter' = 'gauge',
  ) {}

  lines(): string[] {
    return [...this.read()].map(([labels, value]) => `${this.name}${labelText(labels)} ${value}`);
  }
}

interface Buckets {
  readonly labels: Labels;
  readonly counts: number[];
  sum: number;
  count: number;
}

export class Histogram implements Family {
  readonly type = 'histogram';
  private readonly series = new Map<string, Buckets>();

  /** @param bounds rising upper bounds, in the unit of the name (seconds). */
  constructor(
    readonly name: string,
    readonly help: string,
    private readonly bounds: readonly number[],
  ) {}

  observe(labels: Labels, value: number): void {
    const key = labelText(labels);
    let series = this.series.get(key);
    if (series === undefined) {
      series = { labels, counts: this.bounds.map(() => 0), sum: 0, count: 0 };
      this.series.set(key, series);
    }
    series.sum += value;
    series.count += 1;
    const slot = this.bounds.findIndex((bound) => value <= bound);
    if (slot >= 0) series.counts[slot] = (series.counts[slot] ?? 0) + 1;
  }

  lines(): string[] {
    const out: string[] = [];
    for (const { labels, counts, sum, count } of this.series.values()) {
      let cumulative = 0;
      this.bounds.forEach((bound, i) => {
        cumulative += counts[i] ?? 0;
        out.push(`${this.name}_bucket${labelText({ ...labels, le: String(bound) })} ${cumulative}`);
      });
      out.push(`${this.name}_bucket${labelText({ ...labels, le: '+Inf' })} ${count}`);
      out.push(`${this.name}_sum${labelText(labels)} ${sum}`, `${this.name}_count${labelText(labels)} ${count}`);
    }
    return out;
  }
}

export class MetricsRegistry {
  private readonly families: Family[] = [];

  register<T extends Family>(family: T): T {
    this.families.push(family);
    return family;
  }

  render(): string {
    return this.families
      .map((f) => [`# HELP ${f.name} ${f.help}`, `# TYPE ${f.name} ${f.type}`, ...f.lines()].join('\n') + '\n')
      .join('');
  }
}

const LATENCY_BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** What the gateway counts while it serves. Gauges are registered where their state lives. */
export class GatewayMetrics extends MetricsRegistry {
  readonly requests = this.register(
    new Counter('ratchet_gateway_requests_total', 'Prediction requests by outcome (ok, or the error code).'),
  );
  readonly predictions = this.register(
    new Counter('ratchet_gateway_predictions_total', 'Answered rows by version and arm.'),
  );
  readonly failures = this.register(
    new Counter('ratchet_gateway_inference_failures_total', 'Rows on which a version failed, by arm.'),
  );
  readonly fallbacks = this.register(
    new Counter('ratchet_gateway_canary_fallbacks_total', 'Rows of a failed canary that the champion answered.'),
  );
  readonly shadowRows = this.register(
    new Counter('ratchet_gateway_shadow_rows_total', 'Rows copied to a shadow by outcome (answered, failed, dropped).'),
  );
  readonly labels = this.register(new Counter('ratchet_gateway_labels_total', 'Labels received by outcome.'));
  readonly leaseExpiries = this.register(
    new Counter('ratchet_gateway_lease_expiries_total', 'Leases that ended without renewal, by arm.'),
  );
  readonly seconds = this.register(
    new Histogram('ratchet_gateway_request_seconds', 'Time from the request line to the answer.', LATENCY_BOUNDS),
  );
}
