import { Gauge, type GatewayMetrics, type Labels } from './metrics';
import type { GatewayStatus } from './status';

/** Gauges that are read from the gateway's own state when somebody asks. */
export function registerGauges(
  metrics: GatewayMetrics,
  source: { readonly status: () => GatewayStatus; readonly inFlightRows: () => number },
): void {
  type Sample = readonly [Labels, number];
  const gauge = (
    name: string,
    help: string,
    read: (status: GatewayStatus) => Iterable<Sample>,
    type: 'gauge' | 'counter' = 'gauge',
  ): void => {
    metrics.register(new Gauge(`ratchet_gateway_${name}`, help, () => read(source.status()), type));
  };

  gauge('in_flight_rows', 'Rows between request and answer.', () => [[{}, source.inFlightRows()]]);
  gauge('route_generation', 'Generation of the route in force.', (s) =>
    s.models.map((m): Sample => [{ model: m.model }, m.generation]),
  );
  gauge('canary_weight', 'Weight in force, basis points; 0 after its lease ended.', (s) =>
    s.models.map((m): Sample => [{ model: m.model }, m.canary?.state === 'serving' ? m.canary.share : 0]),
  );
  gauge('lease_remaining_seconds', 'Time left of a lease; 0: the champion serves alone.', (s) =>
    s.models.flatMap((m) =>
      (['canary', 'shadow'] as const).flatMap((arm): Sample[] => {
        const leased = m[arm];
        return leased === null ? [] : [[{ model: m.model, arm }, leased.leaseRemainingMs / 1000]];
      }),
    ),
  );
  gauge('version_ready', '1: loaded and checked with its golden rows.', (s) =>
    s.versions.map((v): Sample => [{ model: v.model, version: v.version }, v.state === 'ready' ? 1 : 0]),
  );
  gauge('shadow_waiting_rows', 'Copies that wait for the shadow.', (s) => [[{}, s.shadow.waiting]]);
  gauge('log_waiting_bytes', 'Prediction log: bytes that wait for PostgreSQL.', (s) =>
    Object.entries(s.log).map(([model, log]): Sample => [{ model }, log.waitingBytes]),
  );
  for (const [name, help, field] of LOG_COUNTERS) {
    const read = (s: GatewayStatus): Sample[] => Object.entries(s.log).map(([model, log]) => [{ model }, log[field]]);
    gauge(name, help, read, 'counter');
  }
}

const LOG_COUNTERS = [
  ['log_appended_rows_total', 'Prediction log: rows appended.', 'appended'],
  ['log_drained_rows_total', 'Prediction log: rows written to PostgreSQL.', 'drained'],
  ['log_dropped_rows_total', 'Prediction log: rows answered but not logged (policy shed).', 'dropped'],
  ['log_torn_rows_total', 'Prediction log: lines left by a former process that could not be read.', 'torn'],
] as const;
