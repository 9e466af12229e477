/** Elec2: a model that really collapses, an estimate that must not be believed, detectors on its errors. */
import { buildProfileFromFrame } from '../../core/drift';
import { DETECTOR_NAMES, detectChanges } from '../../core/drift/streaming';
import { buildEstimateReference } from '../../core/estimate';
import type { Frame } from '../../core/frame';
import { countPerformance, metricsFromCounts } from '../../core/performance';
import { resolvePolicy } from '../../policy';
import { fitLogistic, logisticScore } from '../world/logistic';
import { pickRows, replayWindows } from './replay';
import { numbersOf, shown, type Finding } from './statement';

const TRAINED = 8_064;
const WINDOW = 2_016;
const HALF_HOUR = 1_800_000;
const START = Date.UTC(1996, 4, 7);
/** The Victorian market joins: feat_4 to feat_6 leave their constants. */
const JOINED = 17_424;
/** Windows after training, from the README of the data; its first three are before the collapse. */
const README_F1 = [0.88, 0.82, 0.87, 0.55, 0.6, 0.64, 0.54] as const;
const HEALTHY = 3;
/** Its model is not recorded: a healthy window may differ by so much. */
const TOLERANCE = 0.015;

export function collapse(frame: Frame): Finding {
  const names = [1, 2, 3, 4, 5, 6].map((i) => `feat_${i}`);
  const columns = names.map((name) => numbersOf(frame, name));
  const truths = Array.from(numbersOf(frame, 'target'));
  const trained = Array.from({ length: TRAINED }, (_, row) => row);
  const model = fitLogistic(columns, truths, trained);
  const scores = truths.map((_, row) => logisticScore(model, columns, row));
  const answers = scores.map((score) => Number(score >= 0.5));
  // What the version is held to comes from rows its parameters have not seen: four blocks of time, each scored by the others.
  const unseen = trained.map((row) => ({ row, block: Math.floor(row / WINDOW) }));
  const heldOut = [0, 1, 2, 3].flatMap((block) => {
    const others = unseen.filter((u) => u.block !== block).map((u) => u.row);
    const fold = fitLogistic(columns, truths, others);
    return unseen.filter((u) => u.block === block).map((u) => logisticScore(fold, columns, u.row));
  });
  const heldOutAnswers = heldOut.map((score) => Number(score >= 0.5));
  const trainedTruths = truths.slice(0, TRAINED);

  const policy = resolvePolicy({
    preset: 'default',
    model: 'elec2',
    task: 'binary',
    features: names.map((name) => ({ name, kind: 'number' as const })),
    classes: ['0', '1'],
    data: { query: 'SELECT 1 WHERE :from < :to AND :from < :asOf' },
    drift: { window: '42d', anchor: '1996-05-07' },
    performance: {
      rules: [{ metric: 'f1', kind: 'ratioToHoldout', bound: 0.85, withConfidence: true }],
      estimate: 'warn',
    },
  });
  const counts = countPerformance({
    task: 'binary',
    classes: policy.classes,
    scores: heldOut,
    labels: heldOutAnswers.map(String),
    truths: trainedTruths.map(String),
  });
  const holdout = metricsFromCounts(counts).find(({ name }) => name === 'f1')?.value ?? NaN;
  const profile = {
    ...buildProfileFromFrame(pickRows(frame, trained), policy.features, { bins: policy.drift.numeric.bins }),
    estimate: buildEstimateReference(heldOut, heldOutAnswers, trainedTruths, 4),
  };
  const occurredAt = truths.map((_, row) => START + row * HALF_HOUR);
  const begin = START + TRAINED * HALF_HOUR;
  const windows = replayWindows(
    { frame, occurredAt, scores, answers, truths },
    { policy, profile, holdoutMetrics: { f1: holdout } },
    begin,
  ).map((window) => ({
    ...window,
    row: (window.from - START) / HALF_HOUR,
    f1: window.performance.metrics.find(({ name }) => name === 'f1')?.value ?? NaN,
  }));

  const errors = truths.slice(TRAINED).map((truth, i) => Number(truth !== answers[TRAINED + i]));
  const fired = DETECTOR_NAMES.map((detector) => ({
    detector,
    rows: detectChanges({ detector }, errors)
      .filter(({ kind }) => kind === 'drift')
      .map(({ index }) => index + TRAINED),
  }));
  const first = windows.findIndex(({ fires }) => fires);
  const afterJoin = windows.filter(({ row }) => row >= JOINED);
  const namesAll = (window: (typeof windows)[number]): boolean =>
    window.estimate?.judgement.verdict === 'unreliable' &&
    ['feat_4', 'feat_5', 'feat_6'].every((name) =>
      window.estimate?.judgement.reasons.some(({ text }) => text.startsWith(`${name}:`)),
    );
  return {
    title: `Elec2, logistic model of rows 0–${TRAINED - 1}: held-out F1 ${holdout.toFixed(3)}, breach below ${(0.85 * holdout).toFixed(3)} with confidence`,
    table: [
      ['row', 'F1', 'README', 'estimated F1', 'estimate is', 'drift', 'outcome', 'retrain'],
      ...windows.map(({ row, f1, estimate, drift, judgement, fires }, i) => [
        String(row),
        shown(f1),
        shown(README_F1[i], 2),
        shown(estimate?.estimate.metrics.find(({ metric }) => metric === 'f1')?.value),
        estimate?.judgement.verdict ?? '–',
        drift.verdict,
        judgement.outcome,
        fires ? 'yes' : 'no',
      ]),
    ],
    notes: fired.map(
      ({ detector, rows }) =>
        `${detector} finds a change at rows ${rows.slice(0, 6).join(', ') || '–'}${rows.length > 6 ? ` … (${rows.length} in all)` : ''}`,
    ),
    statements: [
      {
        text: `F1 of the first ${HEALTHY} windows is the README's within ${TOLERANCE}`,
        holds: README_F1.slice(0, HEALTHY).every((f1, i) => Math.abs((windows[i]?.f1 ?? NaN) - f1) <= TOLERANCE),
      },
      {
        text: 'then it collapses: below 0.65 in each of the next four windows',
        holds: windows.length >= 7 && windows.slice(HEALTHY, 7).every(({ f1 }) => f1 < 0.65),
      },
      {
        text: `a retraining is triggered within three windows of the collapse and not before (row ${windows[first]?.row ?? '–'})`,
        holds: first >= HEALTHY && first < HEALTHY + 3,
      },
      {
        text: `the estimate of every window after row ${JOINED} is unreliable and names feat_4, feat_5 and feat_6`,
        holds: afterJoin.length > 0 && afterJoin.every(namesAll),
      },
      {
        text: 'ADWIN finds a change on the error stream after the collapse begins',
        holds:
          fired.find(({ detector }) => detector === 'adwin')?.rows.some((row) => row >= TRAINED + HEALTHY * WINDOW) ??
          false,
      },
    ],
  };
}
