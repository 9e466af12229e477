import { RATCHET_SIGNATURE, openSigned } from './signature';
import {
  digest,
  ignored,
  invalid,
  isJson,
  listed,
  numberOf,
  objectOf,
  textOf,
  timeOf,
  trigger,
  type Json,
  type TriggerSource,
} from './source';

/** What a report says, whichever shape it has. */
interface DriftReport {
  readonly drifted: boolean;
  readonly columns: readonly string[];
  /** Of how many columns; null: not said. */
  readonly share: number | null;
  readonly count: number | null;
}

/**
 * An Evidently drift report as JSON (`report.json()`): of 0.7 and later (`metric_name`/`metric_id`, `config`, `value`) and of
 * before (`metric`, `result`). The dataset's verdict decides: `DriftedColumnsCount` with its share against `drift_share`, or
 * `DatasetDriftMetric.dataset_drift`; a report with columns only, and no verdict on the whole, triggers when one has drifted.
 * The reason names the drifted columns. A report without any drift metric is refused: it says nothing, not "no drift".
 */
export const evidently: TriggerSource = {
  name: 'evidently',
  description: 'An Evidently drift report as JSON, 0.7 and the shape before it.',
  parse(headers, rawBody, config) {
    const parsed = openSigned(RATCHET_SIGNATURE, headers, rawBody, config);
    if ('refused' in parsed) return parsed.refused;
    const { metrics } = parsed.body;
    if (!Array.isArray(metrics) || !metrics.every(isJson)) return invalid('"metrics" must be a list of objects');
    const report = metrics.some((m) => 'metric' in m && 'result' in m) ? legacyReport(metrics) : currentReport(metrics);
    if (report === null) return invalid('the report holds no drift metric');
    const { columns, count, share } = report;
    if (!report.drifted)
      return ignored(
        `the dataset has not drifted${columns.length === 0 ? '' : ` (drifted columns: ${listed(columns)})`}`,
      );
    const many = `${count ?? columns.length} columns${share === null ? '' : ` (${Math.round(share * 100)} %)`}`;
    const at = textOf(parsed.body['timestamp']);
    const id = textOf(parsed.body['id']) ?? digest(config.hmac, rawBody);
    return {
      kind: 'triggers',
      triggers: [
        trigger(config, 'evidently', {
          id,
          actor: 'evidently',
          reason: `dataset drift: ${many}${columns.length === 0 ? '' : `: ${listed(columns)}`}`,
          payload: { columns, share, count, timestamp: timeOf(at) },
        }),
      ],
    };
  },
};

/** Evidently's own: at least half of the columns. */
const DEFAULT_DRIFT_SHARE = 0.5;

/** A drift method whose value is a p-value drifts below its threshold; all others (distances) at or above it. */
const isPValue = (method: string): boolean => /p[_ -]?value/i.test(method);

function currentReport(metrics: readonly Json[]): DriftReport | null {
  const named = metrics.map((metric) => ({
    type: kindOf(metric),
    config: objectOf(metric['config']),
    id: textOf(metric['metric_name']) ?? textOf(metric['metric_id']) ?? '',
    value: metric['value'],
  }));
  const columns: string[] = [];
  let judged = 0;
  for (const { type, config, id, value } of named) {
    if (type !== 'ValueDrift') continue;
    const column = textOf(config['column']) ?? argument(id, 'column');
    const threshold = numberOf(config['threshold']) ?? numberOf(Number(argument(id, 'threshold') ?? 'NaN'));
    const method = textOf(config['method']) ?? argument(id, 'method') ?? '';
    const score = numberOf(value) ?? numberOf(objectOf(value)['value']);
    if (column === null || threshold === null || score === null) continue;
    judged += 1;
    if (isPValue(method) ? score < threshold : score >= threshold) columns.push(column);
  }
  const whole = named.find(({ type }) => type === 'DriftedColumnsCount');
  const value = objectOf(whole?.value);
  const count = numberOf(value['count']);
  const share = numberOf(value['share']);
  if (whole !== undefined && share !== null) {
    const limit =
      numberOf(whole.config['drift_share']) ??
      numberOf(Number(argument(whole.id, 'drift_share') ?? 'NaN')) ??
      DEFAULT_DRIFT_SHARE;
    return { drifted: share >= limit, columns, count, share };
  }
  return judged === 0 ? null : { drifted: columns.length > 0, columns, count: columns.length, share: null };
}

/** `evidently:metric_v2:ValueDrift` in the configuration, else `ValueDrift(column=x,…)` in the name. */
function kindOf(metric: Json): string {
  const type = textOf(objectOf(metric['config'])['type']);
  if (type !== null) return type.slice(type.lastIndexOf(':') + 1);
  const name = textOf(metric['metric_name']) ?? textOf(metric['metric_id']) ?? '';
  return name.slice(0, Math.max(0, name.indexOf('('))) || name;
}

/** `column` of `ValueDrift(column=x,method=K-S p_value,threshold=0.05)`. */
function argument(name: string, key: string): string | null {
  const inner = name.slice(name.indexOf('(') + 1, name.lastIndexOf(')'));
  const part = inner.split(',').find((one) => one.trim().startsWith(`${key}=`));
  return part === undefined ? null : textOf(part.trim().slice(key.length + 1));
}

function legacyReport(metrics: readonly Json[]): DriftReport | null {
  const results = metrics.map((m) => ({ metric: textOf(m['metric']) ?? '', result: objectOf(m['result']) }));
  const byColumn = results
    .flatMap(({ metric, result }) =>
      metric === 'ColumnDriftMetric' ? [result] : Object.values(objectOf(result['drift_by_columns'])),
    )
    .filter(isJson);
  const drifted = byColumn.filter((c) => c['drift_detected'] === true).map((c) => textOf(c['column_name']) ?? '?');
  const columns = [...new Set(drifted)];
  const whole = results.find(({ result }) => typeof result['dataset_drift'] === 'boolean')?.result;
  if (whole !== undefined) {
    return {
      drifted: whole['dataset_drift'] === true,
      columns,
      count: numberOf(whole['number_of_drifted_columns']),
      share: numberOf(whole['share_of_drifted_columns']),
    };
  }
  const judged = byColumn.filter((c) => typeof c['drift_detected'] === 'boolean').length;
  return judged === 0 ? null : { drifted: columns.length > 0, columns, count: columns.length, share: null };
}
