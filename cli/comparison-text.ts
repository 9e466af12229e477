/** A comparison for people: verdict and reason first, then the columns, those that drifted on top. */
import type { Comparison, FeatureComparison } from '../core/compare';
import type { DriftMethod } from '../core/drift/method';
import { figure, oneLine, textTable, type Cell } from './text-table';

/** Columns shown; --json has all. */
const MOST_FEATURES = 40;
const HEADS: Readonly<Record<Comparison['dataset']['verdict'], string>> = {
  drift: 'drift',
  warn: 'warning, no drift',
  noDrift: 'no drift',
  insufficient: 'insufficient',
};

export function comparisonText(comparison: Comparison): string {
  const { preset, reference, current, features, dataset, notCompared } = comparison;
  const open = features.filter(({ verdict }) => verdict === 'insufficient');
  const why = dataset.reasons.map(({ text }) => text);
  const shown = features.slice(0, MOST_FEATURES);
  const rest = features.length - shown.length;
  const notes = [
    ...open.slice(0, MOST_FEATURES).map(({ reason }) => reason.text),
    ...notCompared
      .filter(({ why: because }) => because !== 'not asked for')
      .slice(0, MOST_FEATURES)
      .map(({ name, why: because, probableRename }) => {
        const rename = probableRename === undefined ? '' : `, probably now called ${probableRename}`;
        return `${name} was not compared: ${because}${rename}`;
      }),
  ];
  return [
    `${HEADS[dataset.verdict]}: ${[...why, ...(open.length === 0 ? [] : [`${open.length} could not be compared`])].map(oneLine).join('; ')}`,
    `${reference.rows} rows of reference, ${current.rows} current, preset ${preset}`,
    ...(shown.length === 0 ? [] : ['', ...featureTable(shown)]),
    ...(rest === 0 ? [] : [`… ${rest} more (--json has all)`]),
    ...(notes.length === 0 ? [] : ['', ...notes.map(oneLine)]),
  ].join('\n');
}

function featureTable(features: readonly FeatureComparison[]): readonly string[] {
  const methods = [...new Set(features.flatMap(({ tests }) => tests.map(({ method }) => method)))];
  const adjusts = features.some(({ adjustedPValue }) => adjustedPValue !== null);
  return textTable(
    ['column', 'kind', 'verdict', ...(adjusts ? ['adjusted p'] : []), ...methods],
    features.map((feature): readonly Cell[] => [
      feature.name,
      feature.kind,
      feature.verdict,
      ...(adjusts ? [feature.adjustedPValue] : []),
      ...methods.map((method) => testText(feature, method)),
    ]),
  );
}

function testText({ tests }: FeatureComparison, method: DriftMethod): Cell {
  const test = tests.find((t) => t.method === method);
  if (test === undefined || test.statistic === null) return null;
  return test.pValue === null ? test.statistic : `${figure(test.statistic)} (p ${figure(test.pValue)})`;
}
