import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hmacSha256, signWebhook } from '../../../../adapters/webhook';
import type { InboxTrigger } from '../../../../core/ports';
import { constantTimeEqual, TRIGGER_SOURCES, type ParsedTriggers } from '../../../../core/trigger/import';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const open = { model: 'late', secret: null, now: NOW, hmac: hmacSha256 };
const signed = { ...open, secret: 's3cret' };
const report = (name: string): string => readFileSync(join(__dirname, 'reports', name), 'utf8');

function triggersOf(parsed: ParsedTriggers): readonly InboxTrigger[] {
  if (parsed.kind !== 'triggers') throw new Error(`${parsed.kind}: ${parsed.reason}`);
  return parsed.triggers;
}
const first = (parsed: ParsedTriggers): InboxTrigger => triggersOf(parsed)[0] as InboxTrigger;

describe('the generic webhook', () => {
  const body = JSON.stringify({ id: 'n-1', actor: 'airflow', reason: 'new month', asOf: 1_700_000_000_000 });
  const at = Math.floor(NOW / 1000);
  const headers = (timestamp = at, secret = 's3cret', text = body): Record<string, string> => ({
    'x-ratchet-timestamp': String(timestamp),
    'x-ratchet-signature': signWebhook(secret, timestamp, text),
  });
  const parse = TRIGGER_SOURCES.webhook.parse;

  it('takes what our own notifier would have signed, 300 s early or late', () => {
    for (const shift of [0, -300, 300]) {
      expect(parse(headers(at + shift), body, signed)).toEqual({
        kind: 'triggers',
        triggers: [
          {
            id: 'webhook:n-1',
            model: 'late',
            source: 'webhook',
            actor: 'airflow',
            reason: 'new month',
            manual: false,
            asOf: 1_700_000_000_000,
            payload: null,
          },
        ],
      });
    }
  });

  it.each<[string, Record<string, string>, string, string]>([
    ['no signature', { 'x-ratchet-timestamp': String(at) }, body, 'x-ratchet-signature is missing'],
    ['another secret', headers(at, 'other'), body, 'does not match'],
    ['another body', headers(), body.replace('month', 'moon'), 'does not match'],
    ['301 s old', headers(at - 301), body, '301 s from now'],
    ['301 s ahead', headers(at + 301), body, '301 s from now'],
    ['a timestamp that is none', { ...headers(), 'x-ratchet-timestamp': 'noon' }, body, 'seconds since 1970'],
  ])('refuses %s with 401', (_, given, text, reason) => {
    const refused = parse(given, text, signed);
    expect(refused).toMatchObject({ kind: 'refused', code: 'RATCHET_TRIGGER_UNSIGNED' });
    expect(refused).toHaveProperty('reason', expect.stringContaining(reason));
  });

  it('refuses everything while the secret that the policy names is not set', () => {
    expect(parse(headers(at, ''), body, { ...signed, secret: '' })).toMatchObject({ code: 'RATCHET_TRIGGER_UNSIGNED' });
  });

  it.each([
    ['{}', '"reason" must be a text'],
    ['[]', 'not a JSON object'],
    ['{', 'not JSON'],
    ['{"reason":"x","asOf":"noon"}', '"asOf"'],
    ['{"reason":"x","payload":3}', '"payload"'],
    ['{"reason":"x","model":"other"}', '"model"'],
  ])('refuses %s', (text, reason) => {
    const refused = parse({}, text, open);
    expect(refused).toMatchObject({ kind: 'refused', code: 'RATCHET_TRIGGER_INVALID' });
    expect(refused).toHaveProperty('reason', expect.stringContaining(reason));
  });

  it('names a body without an id by its bytes and time: the same delivery counts once, the next one anew', () => {
    const [a, b] = [NOW, NOW + 1].map((now) => first(parse({}, '{"reason":"x"}', { ...open, now })).id);
    expect(a).toMatch(/^webhook:[0-9a-f]{32}$/);
    expect(first(parse({}, '{"reason":"x"}', open)).id).toBe(a);
    expect(b).not.toBe(a);
  });

  it('keeps 1,000-character ids apart within 200 characters', () => {
    const ids = ['a', 'b'].map(
      (end) => first(parse({}, JSON.stringify({ id: 'x'.repeat(999) + end, reason: 'r' }), open)).id,
    );
    expect(ids.map((id) => id.length)).toEqual([200, 200]);
    expect(new Set(ids).size).toBe(2);
  });
});

describe('MLflow webhooks', () => {
  const event = (entity: string, action: string, data: Record<string, unknown>): string =>
    JSON.stringify({ entity, action, timestamp: '2026-01-02T03:04:05+00:00', data });
  const created = event('model_version', 'created', {
    name: 'late',
    version: '7',
    source: 's',
    run_id: null,
    tags: {},
  });
  const headers = (body: string, secret = 's3cret'): Record<string, string> => ({
    'x-mlflow-delivery-id': 'd-1',
    'x-mlflow-timestamp': String(NOW / 1000),
    'x-mlflow-signature': `v1,${hmacSha256(secret, `d-1.${NOW / 1000}.${body}`, 'base64')}`,
  });
  const parse = TRIGGER_SOURCES.mlflow.parse;

  it('verifies v1,<base64> over id, time and body, and takes a version by its delivery id', () => {
    expect(first(parse(headers(created), created, signed))).toMatchObject({
      id: 'mlflow:d-1',
      reason: 'version 7 of late was registered',
    });
    // Made with Python's hmac as mlflow/webhooks/delivery.py does.
    expect(`v1,${hmacSha256('s3cret', 'd-1.1767323045.{"a":1}', 'base64')}`).toBe(
      'v1,8huQ5QvHrdO5GuIe0CCevNN6MJ3FODO/+wHiIFlDnNw=',
    );
    expect(parse(headers(created, 'no'), created, signed)).toMatchObject({ code: 'RATCHET_TRIGGER_UNSIGNED' });
    expect(parse({ ...headers(created), 'x-mlflow-delivery-id': 'd-2' }, created, signed)).toMatchObject({
      code: 'RATCHET_TRIGGER_UNSIGNED',
    });
  });

  it('takes aliases and tags of others, and ignores what Ratchet wrote itself, other models and other events', () => {
    const alias = (name: string): string =>
      event('model_version_alias', 'created', { name: 'late', alias: name, version: '7' });
    const tag = (key: string): string =>
      event('model_version_tag', 'set', { name: 'late', version: '7', key, value: 'yes' });
    expect(first(parse({}, alias('retrain-me'), open)).reason).toBe('alias retrain-me of late now names version 7');
    expect(first(parse({}, tag('stale'), open)).reason).toBe('tag stale of late 7 was set to "yes"');
    const quiet = [
      alias('champion'),
      tag('ratchet.key'),
      event('model_version', 'created', { name: 'late', version: '8', tags: { 'ratchet.key': 'k' } }),
      event('model_version', 'created', { name: 'other', version: '8', tags: {} }),
      event('registered_model', 'created', { name: 'late' }),
    ];
    expect(quiet.map((body) => parse({}, body, open).kind)).toEqual(Array(5).fill('ignored'));
    expect(parse({}, event('model_version', 'created', {}), open)).toMatchObject({ code: 'RATCHET_TRIGGER_INVALID' });
    expect(parse({}, '{"entity":1}', open)).toMatchObject({ code: 'RATCHET_TRIGGER_INVALID' });
  });
});

describe('Alertmanager', () => {
  const alert = (
    status: string,
    fingerprint: string,
    labels: Record<string, string> = {},
  ): Record<string, unknown> => ({
    status,
    labels: { alertname: 'HighErrorRate', ...labels },
    annotations: { summary: 'errors above 5 %' },
    startsAt: '2026-01-02T03:00:00Z',
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: 'http://prometheus/graph',
    fingerprint,
  });
  const body = (...alerts: readonly unknown[]): string =>
    JSON.stringify({
      version: '4',
      groupKey: '{}:{alertname="HighErrorRate"}',
      status: 'firing',
      receiver: 'r',
      alerts,
    });
  const parse = TRIGGER_SOURCES.alertmanager.parse;

  it('makes 2 triggers of 2 firing alerts, none of a resolved one, none of another model', () => {
    const parsed = parse(
      {},
      body(
        alert('firing', 'aa'),
        alert('resolved', 'bb'),
        alert('firing', 'cc', { model: 'other' }),
        alert('firing', 'dd', { model: 'late' }),
      ),
      open,
    );
    expect(triggersOf(parsed).map((t) => t.reason)).toEqual(Array(2).fill('HighErrorRate: errors above 5 %'));
    expect(triggersOf(parsed).map((t) => t.id)).toEqual([
      expect.stringMatching(/^alertmanager:[0-9a-f]{32}:aa:2026-01-02T03:00:00Z$/),
      expect.stringMatching(/^alertmanager:[0-9a-f]{32}:dd:2026-01-02T03:00:00Z$/),
    ]);
  });

  it('gives the repetition of an alert the same id, and ignores a group that is resolved', () => {
    expect(first(parse({}, body(alert('firing', 'aa')), open)).id).toBe(
      first(parse({}, body(alert('firing', 'aa')), open)).id,
    );
    expect(parse({}, body(alert('resolved', 'aa')), open).kind).toBe('ignored');
  });

  it.each([
    ['{"version":"3","alerts":[]}', 'expected "version": "4", got "3"'],
    ['{"alerts":[]}', 'got none'],
    ['{"version":"4"}', '"alerts" must be a list'],
    ['{"version":"4","alerts":[{"status":"firing"}]}', 'alerts[0] needs'],
  ])('refuses %s', (text, reason) => {
    expect(parse({}, text, open)).toMatchObject({
      code: 'RATCHET_TRIGGER_INVALID',
      reason: expect.stringContaining(reason),
    });
  });
});

describe('Evidently reports', () => {
  const parse = TRIGGER_SOURCES.evidently.parse;

  it.each(['evidently-0.7.23.json', 'evidently-0.6.7.json'])('names the 2 of 3 drifted columns of %s', (file) => {
    expect(first(parse({}, report(file), open))).toMatchObject({
      source: 'evidently',
      reason: expect.stringMatching(/^dataset drift: 2 columns \(67 %\): (x, c|c, x)$/),
    });
  });

  it('ignores a dataset below its share of drifted columns, and names the column that did drift', () => {
    const calm = JSON.parse(report('evidently-0.7.23.json')) as { metrics: { config: { drift_share?: number } }[] };
    (calm.metrics[0] as { config: { drift_share?: number } }).config.drift_share = 0.9;
    expect(parse({}, JSON.stringify(calm), open)).toEqual({
      kind: 'ignored',
      reason: 'the dataset has not drifted (drifted columns: x, c)',
    });
    const before = report('evidently-0.6.7.json').replaceAll('"dataset_drift": true', '"dataset_drift": false');
    expect(parse({}, before, open).kind).toBe('ignored');
  });

  it('judges single columns by their own rule: p-values below, distances at or above the threshold', () => {
    const one = (method: string, value: unknown): ParsedTriggers =>
      parse(
        {},
        JSON.stringify({ metrics: [{ metric_id: `ValueDrift(column=x,method=${method},threshold=0.1)`, value }] }),
        open,
      );
    expect(one('K-S p_value', 0.09).kind).toBe('triggers');
    expect(one('K-S p_value', 0.1).kind).toBe('ignored');
    expect(one('Wasserstein distance (normed)', 0.1).kind).toBe('triggers');
    expect(one('Wasserstein distance (normed)', 0.09).kind).toBe('ignored');
  });

  it.each([
    ['{"metrics":[]}'],
    ['{"metrics":[{"metric_id":"RowCount()","value":3}]}'],
    ['{}'],
    ['{"metrics":[{"metric_id":"ValueDrift(column=x,method=psi,threshold=0.1)","value":null}]}'],
  ])('refuses %s: no drift metric is not "no drift"', (text) =>
    expect(parse({}, text, open)).toMatchObject({ code: 'RATCHET_TRIGGER_INVALID' }),
  );
});

describe('Great Expectations results', () => {
  const parse = TRIGGER_SOURCES.greatExpectations.parse;
  const unmet = 'suite flights: 1 of 2 expectations not met: expect_column_values_to_not_be_null(x, 33.3 % unexpected)';

  it('names the expectation that was not met: of a suite, of a checkpoint, and of 0.18', () => {
    const suite = report('great-expectations-1.24.1.json');
    expect(first(parse({}, suite, open)).reason).toBe(unmet);
    expect(first(parse({}, `{"run_results":{"a":${suite}},"success":false}`, open)).reason).toBe(unmet);
    expect(first(parse({}, `{"run_results":{"a":{"validation_result":${suite}}}}`, open)).reason).toBe(unmet);
    const described = report('great-expectations-1.24.1-checkpoint-description.json');
    expect(first(parse({}, described, open)).reason).toContain(
      'expect_column_values_to_not_be_null(x, 33.3 % unexpected)',
    );
  });

  it('ignores success, and refuses what has no verdict', () => {
    expect(parse({}, '{"success":true,"results":[]}', open).kind).toBe('ignored');
    for (const text of [
      '{}',
      '{"success":null,"results":[]}',
      '{"results":[]}',
      '{"success":false}',
      '{"run_results":{}}',
    ])
      expect(parse({}, text, open)).toMatchObject({ code: 'RATCHET_TRIGGER_INVALID' });
  });
});

describe('new data', () => {
  const parse = TRIGGER_SOURCES.data.parse;

  it('takes a table by its watermark, a file, and an S3 event for a new object', () => {
    expect(first(parse({}, '{"table":"flights","rows":120,"watermark":"2026-01-02T00:00:00Z"}', open))).toMatchObject({
      id: `data:table:flights:${Date.UTC(2026, 0, 2)}`,
      reason: 'table flights: 120 new rows, up to 2026-01-02T00:00:00.000Z',
    });
    expect(first(parse({}, '{"file":"/data/a.parquet"}', open)).reason).toBe('file /data/a.parquet: new data');
    const record = {
      eventName: 's3:ObjectCreated:Put',
      s3: { bucket: { name: 'b' }, object: { key: 'in+put/a.csv', size: 9, eTag: 'e1' } },
    };
    expect(first(parse({}, JSON.stringify({ Records: [record] }), open))).toMatchObject({
      id: 'data:s3:b/in+put/a.csv:e1',
      reason: 'new file s3://b/in put/a.csv, 9 bytes',
    });
  });

  it('ignores 0 rows and a deleted object, and refuses what names nothing', () => {
    expect(parse({}, '{"table":"t","rows":0}', open).kind).toBe('ignored');
    expect(parse({}, '{"Records":[{"eventName":"ObjectRemoved:Delete"}]}', open).kind).toBe('ignored');
    for (const text of [
      '{}',
      '{"table":"t","rows":-1}',
      '{"table":"t","watermark":"x"}',
      '{"Records":[{"eventName":"ObjectCreated:Put"}]}',
      '{"Records":3}',
    ])
      expect(parse({}, text, open)).toMatchObject({ code: 'RATCHET_TRIGGER_INVALID' });
  });
});

it('compares signatures of equal and of unequal length', () => {
  expect([
    constantTimeEqual('abc', 'abc'),
    constantTimeEqual('abc', 'abd'),
    constantTimeEqual('abc', 'abcd'),
    constantTimeEqual('', ''),
  ]).toEqual([true, false, false, true]);
});
