import type { LineSeriesOption } from 'echarts';
import type {
  DriftReportData,
  MetricAt,
  ReportedFeature,
  ReportedMetric,
  ReportedPerformance,
} from '../../core/drift/report-data';
import { axisStyle, legend, textStyle, type Chart } from './chart-svg';
import { ink } from './palette';
import { cut } from './small-pictures';

/** Points drawn in the scatter; drifted ones first. */
const MOST_POINTS = 120;
const MOST_NAMES = 8;
/** Metrics drawn over time; the others stand in the table. */
const MOST_METRICS = 4;
/** With more windows only lone points and unreliable estimates get a mark: the line shows the others. */
const MOST_MARKS = 16;
/** Smaller p-values are drawn here: beyond it they all say the same. */
const SMALLEST_P = 1e-16;
const SMALLEST_RATIO = 0.01;

const LEVELS = [
  ['drift', 'diamond', 'bad'],
  ['warn', 'triangle', 'champion'],
  ['ok', 'circle', 'candidate'],
] as const;

interface EffectPoint {
  readonly feature: ReportedFeature;
  readonly ratio: number;
  readonly p: number;
}

/** Effect against p of every feature that has both and a threshold. null: none has. */
export function effectChart({ features, alpha }: DriftReportData): Chart | null {
  const points = features
    .flatMap((feature): EffectPoint[] => {
      const p = feature.adjustedPValue ?? feature.pValue;
      const { effect, threshold } = feature;
      if (effect === null || threshold === null || !(threshold > 0) || p === null) return [];
      return [{ feature, ratio: Math.max(SMALLEST_RATIO, effect / threshold), p: Math.max(SMALLEST_P, p) }];
    })
    .slice(0, MOST_POINTS);
  if (points.length === 0) return null;
  const named = new Set(points.slice(0, MOST_NAMES).filter(({ feature }) => feature.level !== 'ok'));
  const line = (axis: 'xAxis' | 'yAxis', value: number, text: string): object => ({
    [axis]: value,
    label: { ...textStyle, formatter: text, position: axis === 'xAxis' ? 'end' : 'insideEndTop' },
  });
  const lines = [
    line('xAxis', 1, 'threshold'),
    ...(alpha !== null && alpha > 0 ? [line('yAxis', -Math.log10(alpha), `p = ${alpha}`)] : []),
  ];
  return {
    name: 'effect-and-p',
    title: 'Effect against adjusted p',
    note: 'Drift needs both: right of the threshold (large) and above the line of p (not by chance). p below 1e-16 is drawn at 16.',
    height: 340,
    option: (width) => ({
      legend: { ...legend, data: LEVELS.map(([level]) => level) },
      grid: { left: 46, right: 24, top: 52, bottom: 46 },
      xAxis: {
        type: 'log',
        ...axisStyle,
        min: Math.min(0.1, 10 ** Math.floor(Math.log10(Math.min(...points.map((p) => p.ratio))))),
        max: Math.max(10, 10 ** Math.ceil(Math.log10(Math.max(...points.map((p) => p.ratio))))),
        name: 'effect / threshold',
        nameLocation: 'middle',
        nameGap: 28,
      },
      yAxis: {
        type: 'value',
        ...axisStyle,
        min: 0,
        max: 17,
        interval: 4,
        name: '−log₁₀ p',
        nameLocation: 'middle',
        nameGap: 30,
      },
      series: LEVELS.map(([level, symbol, colour], i) => ({
        name: level,
        type: 'scatter' as const,
        symbol,
        symbolSize: 9,
        itemStyle: { color: ink(colour), opacity: 0.85 },
        data: points
          .filter(({ feature }) => feature.level === level)
          .map((point) => ({
            value: [point.ratio, -Math.log10(point.p)],
            label: {
              ...textStyle,
              show: named.has(point),
              position: 'left' as const,
              formatter: cut(point.feature.name, width < 500 ? 14 : 30),
            },
          })),
        labelLayout: { hideOverlap: true },
        ...(i === 0
          ? {
              markLine: {
                silent: true,
                symbol: 'none',
                lineStyle: { color: ink('ink'), type: 'dashed' as const },
                data: lines,
              },
            }
          : {}),
      })),
    }),
  };
}

/** Metrics with rules first; only those with two windows or more. */
export function performanceCharts(performance: ReportedPerformance | null): readonly Chart[] {
  if (performance === null) return [];
  const drawn = performance.metrics.filter(
    ({ overTime }) => overTime.filter((at) => at.value !== null || at.estimated !== null).length >= 2,
  );
  return [...drawn.slice(0, MOST_METRICS).map(metricChart), coverageChart(performance)].filter(
    (chart) => chart !== null,
  );
}

function metricChart(metric: ReportedMetric, index: number): Chart {
  const { name, overTime, holdout, bounds, loss } = metric;
  const estimated = overTime.some((at) => at.estimated !== null);
  const limits = [
    ...(holdout === null ? [] : [mark(holdout, 'hold-out', 'dotted')]),
    ...bounds.flatMap(({ bound }) => (bound === null ? [] : [mark(bound, 'rule', 'dashed')])),
  ];
  const series: LineSeriesOption[] = [
    ...band('realised-band', overTime, (at) => at, 'candidate'),
    ...(estimated ? band('estimated-band', overTime, (at) => at.estimated, 'champion') : []),
    {
      ...line('realised', 'candidate', 'solid'),
      symbol: 'circle',
      symbolSize: 5,
      data: marked(overTime, (at) => at.value),
      markLine: { silent: true, symbol: 'none', data: limits },
    },
    ...(estimated ? [estimateLine(overTime)] : []),
  ];
  return {
    // Metric names come from stored data: the chart's own name must be safe in an id.
    name: `metric-${index + 1}`,
    title: `${name} over time`,
    note: `${loss ? 'Smaller' : 'Larger'} is better. Band: 95 % interval of the labels${estimated ? '; dashed: estimated without labels, hollow where the estimate is unreliable' : ''}.`,
    height: 260,
    half: true,
    option: () => ({
      legend: { ...legend, data: ['realised', ...(estimated ? ['estimated'] : [])] },
      grid: { left: 8, right: 48, top: 34, bottom: 4, containLabel: true },
      xAxis: { type: 'time', ...axisStyle, splitLine: { show: false } },
      yAxis: { type: 'value', ...axisStyle, ...extent(metric), splitNumber: 4 },
      series,
    }),
  };
}

/** The axis holds values, bands, the hold-out and the rules, with a little room. */
function extent({ overTime, holdout, bounds }: ReportedMetric): { readonly min: number; readonly max: number } {
  const seen = [
    holdout,
    ...bounds.map(({ bound }) => bound),
    ...overTime.flatMap((at) => [
      at.value,
      at.low,
      at.high,
      at.estimated?.value,
      at.estimated?.low,
      at.estimated?.high,
    ]),
  ].filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  const [low, high] = [Math.min(...seen), Math.max(...seen)];
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  // Round to the step of the room, so that the ends of the axis are short numbers.
  const step = 10 ** Math.floor(Math.log10(room) + 0.5);
  const tidy = (value: number): number => Number(value.toPrecision(10));
  return { min: tidy(Math.floor((low - room) / step) * step), max: tidy(Math.ceil((high + room) / step) * step) };
}

type Bounds = Pick<MetricAt, 'low' | 'high'>;

/** Low end invisible, the width stacked on it and filled. */
function band(
  stack: string,
  overTime: readonly MetricAt[],
  of: (at: MetricAt) => Bounds | null,
  colour: 'candidate' | 'champion',
): LineSeriesOption[] {
  const ends = overTime.map((at) => ({ at: at.windowEnd, ends: of(at) }));
  if (!ends.some(({ ends: e }) => e?.low != null && e.high !== null)) return [];
  const known = (value: (low: number, high: number) => number): (number | string)[][] =>
    ends.map(({ at, ends: e }) => [at, e?.low == null || e.high === null ? '-' : value(e.low, e.high)]);
  const hidden = {
    type: 'line' as const,
    clip: false,
    stack,
    stackStrategy: 'all' as const,
    symbol: 'none',
    silent: true,
  };
  return [
    { ...hidden, data: known((low) => low), lineStyle: { opacity: 0 } },
    {
      ...hidden,
      data: known((low, high) => high - low),
      lineStyle: { opacity: 0 },
      areaStyle: { color: ink(colour), opacity: 0.16, origin: 'start' },
    },
  ];
}

function estimateLine(overTime: readonly MetricAt[]): LineSeriesOption {
  return {
    ...line('estimated', 'champion', 'dashed'),
    symbol: 'rect',
    symbolSize: 6,
    data: marked(
      overTime,
      (at) => at.estimated?.value ?? null,
      (at) => at.estimated?.reliable === false,
    ),
  };
}

function marked(
  overTime: readonly MetricAt[],
  of: (at: MetricAt) => number | null,
  hollow: (at: MetricAt) => boolean = () => false,
): LineSeriesOption['data'] & object {
  const values = overTime.map(of);
  return overTime.map((at, i) => {
    const value = [at.windowEnd, values[i] ?? '-'];
    if (hollow(at)) {
      return { value, itemStyle: { color: ink('paper'), borderColor: ink('champion'), borderWidth: 1.5 } };
    }
    const alone = (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null;
    return values.length <= MOST_MARKS || alone ? { value } : { value, symbol: 'none' };
  });
}

function coverageChart({ coverageOverTime, minCoverage }: ReportedPerformance): Chart | null {
  if (coverageOverTime.length < 2) return null;
  return {
    name: 'label-coverage',
    title: 'Label coverage over time',
    note: 'Share of the rows of a window whose label has come; too little of it and performance is not judged.',
    height: 260,
    half: true,
    option: () => ({
      grid: { left: 8, right: 48, top: 16, bottom: 4, containLabel: true },
      xAxis: { type: 'time', ...axisStyle, splitLine: { show: false } },
      yAxis: {
        type: 'value',
        ...axisStyle,
        min: 0,
        max: 1,
        axisLabel: { ...axisStyle.axisLabel, formatter: (value: number) => `${Math.round(100 * value)} %` },
      },
      series: [
        {
          ...line('coverage', 'candidate', 'solid'),
          symbol: coverageOverTime.length <= MOST_MARKS ? 'circle' : 'none',
          symbolSize: 5,
          areaStyle: { color: ink('candidate'), opacity: 0.12 },
          data: coverageOverTime.map(({ windowEnd, coverage }) => [windowEnd, coverage]),
          markLine: {
            silent: true,
            symbol: 'none',
            data: minCoverage === null ? [] : [mark(minCoverage, 'least', 'dashed')],
          },
        },
      ],
    }),
  };
}

const line = (name: string, colour: 'candidate' | 'champion', type: 'solid' | 'dashed'): LineSeriesOption => ({
  name,
  type: 'line',
  clip: false,
  showAllSymbol: true,
  lineStyle: { color: ink(colour), width: 2, type },
  itemStyle: { color: ink(colour) },
});

const mark = (yAxis: number, text: string, type: 'dashed' | 'dotted') => ({
  yAxis,
  lineStyle: { color: ink(text === 'hold-out' ? 'muted' : 'bad'), type },
  label: { ...textStyle, formatter: text, position: 'end' as const, fontSize: 11 },
});
