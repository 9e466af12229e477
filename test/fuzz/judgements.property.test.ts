import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { compareFrames } from '../../core/compare';
import {
  buildEstimateReference,
  estimatePerformance,
  expectedAuc,
  expectedCalibrationError,
  fitCalibration,
} from '../../core/estimate';
import { evaluatePredictions } from '../../core/performance';
import { checkFrame } from '../../core/quality';
import { TRIGGER_SOURCES } from '../../core/trigger';
import { COMPARE_PRESETS, compareRuleOf, resolvePolicy } from '../../policy';
import { parseExpectations } from '../../policy/expectations';
import { anything, expectNumbers, frame, name, number, numbers, runs, survives } from './hostile';

it.each(COMPARE_PRESETS)('any two tables compared by %s: no NaN, and no ok below the fewest rows', (preset) => {
  fc.assert(
    fc.property(frame, frame, fc.boolean(), (reference, other, same) => {
      const rule = compareRuleOf(preset);
      const result = survives(() =>
        compareFrames(reference, same ? reference : other, { rule, methods: ['psi', 'ks'] }),
      );
      expectNumbers(result);
      if (result === null) return;
      for (const feature of result.features) {
        const fewest = Math.min(feature.reference.values, feature.current.values);
        if (fewest < (rule.kind === 'evidently' ? 1 : rule.minRows)) expect(feature.verdict).toBe('insufficient');
      }
      if (result.features.every((f) => f.verdict === 'insufficient'))
        expect(result.dataset.verdict).toBe('insufficient');
    }),
    runs,
  );
});

it('predictions of any table evaluated: no NaN, and no metric has a value without labelled rows', () => {
  fc.assert(
    fc.property(frame, fc.constantFrom('binary', 'multiclass', 'regression', undefined), (table, task) => {
      const [truth = 'a', score = 'b', slice = 'c'] = [...table.columns.keys()];
      for (const answers of [{ score }, { label: score }, {}]) {
        const result = survives(() =>
          evaluatePredictions(table, { truth, ...answers, ...(task === undefined ? {} : { task }), slices: [slice] }),
        );
        expectNumbers(result);
        if (result?.labelled === 0) for (const metric of result.metrics) expect(metric.value).toBeNull();
      }
    }),
    runs,
  );
});

it('quality of any table: never throws, no NaN, and an empty table does not pass', () => {
  fc.assert(
    fc.property(
      frame,
      fc.option(frame, { nil: undefined }),
      fc.option(name, { nil: undefined }),
      (table, reference, key) => {
        const report = checkFrame(table, [], {
          ...(reference === undefined ? {} : { reference }),
          ...(key === undefined ? {} : { key, target: key }),
        });
        expectNumbers(report);
        if (table.rows === 0) expect(report.verdict).not.toBe('pass');
      },
    ),
    runs,
  );
});

it('calibration and estimates of any scores: refused, or no NaN', () => {
  const scores = fc.oneof(numbers, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 60 }));
  const bits = fc.array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(0, 1) }, { weight: 1, arbitrary: number }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(scores, bits, bits, fc.boolean(), (s, answers, truths, fit) => {
      const n = Math.min(s.length, answers.length, truths.length);
      const [p, a, y] = fit ? [s.slice(0, n), answers.slice(0, n), truths.slice(0, n)] : [s, answers, truths];
      expectNumbers(survives(() => fitCalibration(p, y)));
      expectNumbers(survives(() => expectedCalibrationError(p, y, 10)));
      expectNumbers(survives(() => expectedAuc(p, p)));
      const reference = survives(() => buildEstimateReference(p, a, y, 2));
      expectNumbers(reference);
      if (reference !== null) expectNumbers(survives(() => estimatePerformance(p, a, reference)));
    }),
    runs,
  );
});

it('any value as a policy or as expectations is refused or resolved', () => {
  const sections = fc.constantFrom(
    'model',
    'task',
    'drift',
    'quality',
    'triggers',
    'training',
    'performance',
    'rollout',
    'preset',
    '__proto__',
  );
  const input = fc.oneof(
    anything,
    fc.dictionary(sections, anything),
    fc.array(
      fc.dictionary(
        fc.constantFrom('expectation', 'column', 'mostly', 'min_value', 'regex', 'value_set', '__proto__'),
        anything,
      ),
      { maxLength: 3 },
    ),
  );
  fc.assert(
    fc.property(input, (given) => {
      expectNumbers(survives(() => resolvePolicy(given)));
      expectNumbers(survives(() => parseExpectations(given)));
    }),
    runs,
  );
});

it.each(Object.keys(TRIGGER_SOURCES) as (keyof typeof TRIGGER_SOURCES)[])(
  '%s never throws, whatever the body',
  (source) => {
    const keys = fc.constantFrom(
      'alerts',
      'labels',
      'status',
      'fingerprint',
      'startsAt',
      'metrics',
      'tests',
      'success',
      'results',
      'statistics',
      'meta',
      'event',
      'data',
      'entity',
      'name',
      'version',
      'reason',
      'key',
      'model',
      '__proto__',
      'constructor',
    );
    const json = fc.oneof(
      fc.json({ maxDepth: 4 }),
      fc.string(),
      fc
        .dictionary(
          keys,
          fc.oneof(fc.jsonValue(), fc.array(fc.dictionary(keys, fc.jsonValue(), { maxKeys: 5 }), { maxLength: 3 })),
        )
        .map((v) => JSON.stringify(v)),
    );
    const headers = fc.dictionary(
      fc.constantFrom(
        'x-ratchet-signature',
        'x-mlflow-signature',
        'x-mlflow-timestamp',
        'x-mlflow-delivery-id',
        'content-type',
        '__proto__',
      ),
      fc.oneof(fc.string(), fc.constantFrom('', 'NaN', '1e999')),
    );
    fc.assert(
      fc.property(headers, json, fc.option(fc.string(), { nil: null }), number, (given, body, secret, now) => {
        const hmac = (key: string, text: string, encoding: 'hex' | 'base64'): string =>
          createHmac('sha256', key).update(text).digest(encoding);
        const parsed = TRIGGER_SOURCES[source].parse(given, body, {
          model: 'm',
          secret,
          now: Number.isFinite(now) ? now : 0,
          hmac,
        });
        expectNumbers(parsed);
        if (parsed.kind === 'triggers') expect(parsed.triggers.length).toBeGreaterThan(0);
      }),
      runs,
    );
  },
);
