import { RATCHET_SIGNATURE, openSigned } from './signature';
import {
  digest,
  ignored,
  invalid,
  isJson,
  listed,
  listOf,
  objectOf,
  textOf,
  timeOf,
  trigger,
  type Json,
  type ParsedTriggers,
  type SourceConfig,
  type TriggerSource,
} from './source';

/**
 * A Great Expectations validation result as JSON (1.x and 0.18): one of a suite, a checkpoint's with several in `run_results`,
 * or its description (`describe()`). `success: false` is a trigger that names the expectations that were not met; one that could not be run counts
 * as not met. A result without a verdict is refused, never taken as passed.
 */
export const greatExpectations: TriggerSource = {
  name: 'greatExpectations',
  description: 'A Great Expectations validation result: every suite that failed.',
  parse(headers, rawBody, config) {
    const parsed = openSigned(RATCHET_SIGNATURE, headers, rawBody, config);
    if ('refused' in parsed) return parsed.refused;
    const results = suiteResults(parsed.body);
    if (results.length === 0) return invalid('expected a validation result with "success" and "results"');
    const bad = results.find(
      (result) => typeof result['success'] !== 'boolean' || !Array.isArray(expectationsOf(result)),
    );
    if (bad !== undefined) return invalid('"success" must be true or false and "results" a list');
    const failed = results.filter((result) => result['success'] === false);
    if (failed.length === 0) return ignored(`all ${results.length} validations succeeded`);
    return { kind: 'triggers', triggers: failed.map((result) => triggerOf(result, config)) } satisfies ParsedTriggers;
  },
};

function suiteResults(body: Json): readonly Json[] {
  const runs = body['run_results'] ?? body['validation_results'];
  const many = isJson(runs) ? Object.values(runs) : Array.isArray(runs) ? runs : null;
  // 0.18 wraps each one once more.
  return many === null
    ? 'results' in body || 'success' in body
      ? [body]
      : []
    : many.filter(isJson).map((run) => (isJson(run['validation_result']) ? run['validation_result'] : run));
}

/** A description says `expectations` where a result says `results`. */
const expectationsOf = (result: Json): unknown => result['results'] ?? result['expectations'];

function triggerOf(result: Json, config: SourceConfig): ReturnType<typeof trigger> {
  const meta = objectOf(result['meta']);
  const suite = textOf(result['suite_name']) ?? textOf(meta['expectation_suite_name']) ?? 'suite';
  const unmet = listOf(expectationsOf(result))
    .filter(isJson)
    .filter((one) => one['success'] !== true);
  const names = unmet.map(nameOf);
  const run = objectOf(meta['run_id']);
  const at = textOf(run['run_time']);
  const id = textOf(result['id']) ?? digest(config.hmac, JSON.stringify(result));
  return trigger(config, 'greatExpectations', {
    id: at === null ? id : `${id}:${at}`,
    actor: 'great_expectations',
    reason:
      names.length === 0
        ? `suite ${suite} failed`
        : `suite ${suite}: ${names.length} of ${listOf(expectationsOf(result)).length} expectations not met: ${listed(names)}`,
    asOf: null,
    payload: { suite, unmet: names, statistics: objectOf(result['statistics']), runTime: timeOf(at) },
  });
}

/** `expect_column_values_to_not_be_null(x)`, with the share when it is known. */
function nameOf(one: Json): string {
  const config = isJson(one['expectation_config']) ? one['expectation_config'] : one;
  const type = textOf(config['type']) ?? textOf(config['expectation_type']) ?? 'expectation';
  const column = textOf(objectOf(config['kwargs'])['column']);
  const percent = objectOf(one['result'])['unexpected_percent'];
  const share = typeof percent === 'number' ? `, ${Math.round(percent * 10) / 10} % unexpected` : '';
  const broken = objectOf(one['exception_info'])['raised_exception'] === true ? ', could not be run' : '';
  return `${type}(${column ?? 'table'}${share}${broken})`;
}
