import type { LineSeriesOption } from 'echarts';
import type { FeatureDrift } from '../../core/drift/drift-measurement';
import type { RetrainReportData } from '../../core/ports';
import { axisStyle, legend, textStyle, type Chart } from './chart-svg';
import { calibration, histogram, residuals, rocCurve, shapeOf, type ScoredRows } from './curves';
import { figure } from './html';
import { ink } from './palette';

const MAX_BARS = 15;

/** The plots that the data allows, in reading order. */
export function retrainCharts(data: RetrainReportData, features: readonly Partial<FeatureDrift>[]): readonly Chart[] {
  return [
    importanceChart(data.importance),
    driftChart(features),
    ...holdoutCharts(data),
    trialsChart(data.trials.map(({ value }) => value)),
  ].filter((chart) => chart !== null);
}

function importanceChart(importance: Readonly<Record<string, number>>): Chart | null {
  const top = Object.entries(importance)
    .filter(([, value]) => Number.isFinite(value))
    .sort((a, b) => b[1] - a[1])
    .slice(0, MAX_BARS)
    .reverse();
  if (top.length === 0) return null;
  const series = [
    { type: 'bar' as const, data: top.map(([, value]) => value), itemStyle: { color: ink('candidate') } },
  ];
  return bars(
    'feature-importance',
    'Feature importance',
    'What the candidate looks at most.',
    top.map(([name]) => name),
    series,
  );
}

function driftChart(features: readonly Partial<FeatureDrift>[]): Chart | null {
  const measured = features.filter(({ effect }) => typeof effect === 'number' && Number.isFinite(effect));
  const top = [...measured].sort((a, b) => (b.effect ?? 0) - (a.effect ?? 0)).slice(0, MAX_BARS);
  if (top.length === 0) return null;
  top.reverse();
  const thresholds = [...new Set(top.map(({ threshold }) => threshold))].filter((value) => value !== undefined);
  const series = [
    {
      type: 'bar' as const,
      data: top.map(({ effect, level }) => ({
        value: effect ?? 0,
        itemStyle: { color: ink(level === 'drift' ? 'bad' : level === 'warn' ? 'champion' : 'candidate') },
      })),
      label: {
        ...textStyle,
        show: true,
        position: 'right' as const,
        formatter: ({ dataIndex, value }: { dataIndex: number; value: unknown }) =>
          `${figure(value)}${top[dataIndex]?.level === 'drift' ? ' drift' : ''}`,
      },
      markLine: {
        silent: true,
        symbol: 'none',
        lineStyle: { color: ink('ink'), type: 'dashed' as const },
        label: { ...textStyle, formatter: 'threshold {c}' },
        data: thresholds.map((xAxis) => ({ xAxis })),
      },
    },
  ];
  const note =
    'Distance of the window from the training data; beyond the dashed line a feature has drifted if its p-value agrees.';
  return bars(
    'drift',
    'Drift by feature',
    note,
    top.map(({ name }) => name ?? ''),
    series,
  );
}

function bars(name: string, title: string, note: string, names: readonly string[], series: object[]): Chart {
  return {
    name,
    title,
    note,
    height: 56 + 26 * names.length,
    option: (width) => ({
      grid: { left: 28, right: 72, top: 20, bottom: 8, containLabel: true },
      xAxis: { type: 'value', ...axisStyle, splitNumber: width < 500 ? 3 : 5 },
      yAxis: {
        type: 'category',
        data: [...names],
        ...axisStyle,
        splitLine: { show: false },
        axisLabel: {
          ...textStyle,
          color: ink('ink'),
          width: width < 500 ? 96 : 150,
          overflow: 'truncate',
          interval: 0,
        },
      },
      series,
    }),
  };
}

interface Arm {
  readonly name: 'candidate' | 'champion';
  readonly rows: ScoredRows;
}

function holdoutCharts(data: RetrainReportData): (Chart | null)[] {
  if (data.holdout === null) return [];
  const { truth, candidate, champion } = data.holdout;
  const arms: Arm[] = [{ name: 'candidate', rows: { truth, scores: candidate } }];
  if (champion !== null) arms.push({ name: 'champion', rows: { truth, scores: champion } });
  const shape = shapeOf({ truth, scores: candidate }, data.classes);
  switch (shape.kind) {
    case 'binary':
      return [rocChart(arms, shape.positive), calibrationChart(arms, shape.positive)];
    case 'regression':
      return [residualChart(arms)];
    case 'none':
      return [];
  }
}

function rocChart(arms: readonly Arm[], positive: string): Chart | null {
  const curves = arms.map(({ name, rows }) => ({ name, points: rocCurve(rows, positive) }));
  if (curves.every(({ points }) => points.length === 0)) return null;
  return square(
    'roc',
    'ROC on the held-out rows',
    'Further to the upper left is better; the dashed line is a coin.',
    ['false positive rate', 'true positive rate'],
    curves.map(({ name, points }) =>
      line(
        name,
        points.map(({ x, y }) => [x, y]),
      ),
    ),
  );
}

function calibrationChart(arms: readonly Arm[], positive: string): Chart | null {
  const curves = arms.map(({ name, rows }) => ({ name, bins: calibration(rows, positive) }));
  if (curves.every(({ bins }) => bins.length === 0)) return null;
  return square(
    'calibration',
    'Calibration on the held-out rows',
    'Ten groups of equal size; on the dashed line the predicted share comes true.',
    ['mean predicted probability', 'observed share'],
    curves.map(({ name, bins }) => ({
      ...line(
        name,
        bins.map(({ predicted, observed }) => [predicted, observed]),
      ),
      symbol: name === 'candidate' ? 'circle' : 'rect',
      symbolSize: 7,
      showSymbol: true,
    })),
  );
}

/** The champion is dashed as well as of another colour. */
function line(name: Arm['name'], data: number[][]): LineSeriesOption {
  return {
    name,
    type: 'line',
    data,
    showSymbol: false,
    lineStyle: { color: ink(name), width: 2, type: name === 'champion' ? [6, 3] : 'solid' },
    itemStyle: { color: ink(name) },
  };
}

function square(name: string, title: string, note: string, axes: readonly [string, string], series: object[]): Chart {
  const diagonal = {
    type: 'line',
    data: [
      [0, 0],
      [1, 1],
    ],
    symbol: 'none',
    silent: true,
    lineStyle: { color: ink('muted'), width: 1, type: 'dashed' },
  };
  const axis = { type: 'value' as const, min: 0, max: 1, ...axisStyle, nameLocation: 'middle' as const };
  return {
    name,
    title,
    note,
    height: 360,
    half: true,
    option: () => ({
      legend: { ...legend, data: ['candidate', 'champion'] },
      grid: { left: 48, right: 16, top: 36, bottom: 44 },
      xAxis: { ...axis, name: axes[0], nameGap: 28 },
      yAxis: { ...axis, name: axes[1], nameGap: 34 },
      series: [...series, diagonal],
    }),
  };
}

function residualChart(arms: readonly Arm[]): Chart | null {
  const { centres, shares } = histogram(arms.map(({ rows }) => residuals(rows)));
  if (shares.every((share) => share.every((value) => value === 0))) return null;
  const series = arms.map(({ name }, i) => ({
    ...line(
      name,
      centres.map((centre, bin) => [centre, shares[i]?.[bin] ?? 0]),
    ),
    step: 'middle' as const,
  }));
  return {
    name: 'residuals',
    title: 'Residuals on the held-out rows',
    note: 'Truth minus prediction, share of rows; narrow around 0 is better.',
    height: 320,
    option: () => ({
      legend: { ...legend, data: arms.map(({ name }) => name) },
      grid: { left: 8, right: 16, top: 36, bottom: 24, containLabel: true },
      xAxis: {
        type: 'value',
        ...axisStyle,
        scale: true,
        name: 'truth − prediction',
        nameLocation: 'middle',
        nameGap: 28,
      },
      yAxis: { type: 'value', ...axisStyle },
      series,
    }),
  };
}

function trialsChart(values: readonly (number | null)[]): Chart | null {
  const done = values.flatMap((value, i) => (value !== null && Number.isFinite(value) ? [[i + 1, value]] : []));
  if (done.length === 0) return null;
  return {
    name: 'trials',
    title: 'Trials of the search',
    note: 'The objective of each trial, in the order they ended.',
    height: 280,
    option: () => ({
      grid: { left: 8, right: 16, top: 16, bottom: 24, containLabel: true },
      xAxis: {
        type: 'value',
        ...axisStyle,
        min: 1,
        max: Math.max(2, values.length),
        minInterval: 1,
        name: 'trial',
        nameLocation: 'middle',
        nameGap: 28,
      },
      yAxis: { type: 'value', ...axisStyle, scale: true },
      series: [{ type: 'scatter', data: done, symbolSize: 9, itemStyle: { color: ink('candidate') } }],
    }),
  };
}
