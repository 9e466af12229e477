import type { LineSeriesOption } from 'echarts';
import type { DecisionRecord, RolloutReportData } from '../../core/ports';
import { axisStyle, legend, textStyle, type Chart } from './chart-svg';
import { thin } from './curves';
import { percent } from './html';
import { ink, type ColourName } from './palette';

/** A rollout of days has thousands of looks; more points than pixels say nothing. */
const MOST_POINTS = 200;

/** A guardrail as a decision's evidence holds it (core/rollout/judge-canary.ts). */
export interface GuardrailSeen {
  readonly event: string;
  readonly e: number;
  readonly threshold: number;
  readonly fired: boolean;
}

export function rolloutCharts(data: RolloutReportData): readonly Chart[] {
  return [weightChart(data), evidenceChart(data)].filter((chart) => chart !== null);
}

/** Guardrails in a decision's evidence, at its top or one level below; [] when it holds none. */
export function guardrailsOf(decision: DecisionRecord): readonly GuardrailSeen[] {
  const { evidence } = decision;
  for (const holder of [evidence, ...Object.values(evidence)]) {
    const list = isRecord(holder) ? holder['guardrails'] : undefined;
    if (!Array.isArray(list)) continue;
    const read = list.flatMap((one: unknown) => {
      if (!isRecord(one) || typeof one['event'] !== 'string' || typeof one['e'] !== 'number') return [];
      const threshold = typeof one['threshold'] === 'number' ? one['threshold'] : NaN;
      return [{ event: one['event'], e: one['e'], threshold, fired: one['fired'] === true }];
    });
    if (read.length > 0) return read;
  }
  return [];
}

/** The candidate's weight after this decision, basis points; null when the decision does not speak of it. */
export function weightAfter(decision: DecisionRecord): number | null {
  switch (decision.kind) {
    case 'route.promote':
      return 10_000;
    case 'route.clearCanary':
    case 'route.restorePrevious':
    case 'route.rollback':
    case 'route.restore':
    case 'route.heal':
      return 0;
    case 'route.setCanary': {
      const { evidence } = decision;
      const holders = [evidence, ...Object.values(evidence)].filter(isRecord);
      const weight = holders.map((holder) => holder['weight']).find((value) => typeof value === 'number');
      // The key of a weight change ends with it: `<run>:change:<n>:weight:<basis points>`.
      const inKey = /:weight:(\d+)$/.exec(decision.key)?.[1];
      return typeof weight === 'number' ? weight : inKey === undefined ? null : Number(inKey);
    }
    default:
      return null;
  }
}

function weightChart(data: RolloutReportData): Chart | null {
  const decisions = [...data.decisions].sort((a, b) => a.at - b.at);
  const moves = decisions.flatMap((decision) => {
    const weight = weightAfter(decision);
    return weight === null ? [] : [[decision.at, weight / 100]];
  });
  if (moves.length === 0) return stepsChart(data);
  const last = moves.at(-1) as number[];
  const end = Math.max(data.at, last[0] ?? 0);
  const judged = decisions.filter(({ verdict }) => verdict !== null);
  const marks = judged.flatMap(({ at, verdict }, i) => {
    if (verdict === null || verdict === judged[i - 1]?.verdict) return [];
    return [{ value: [at, weightAt(moves, at)], itemStyle: { color: ink(tone(verdict)) } }];
  });
  return {
    name: 'timeline',
    title: 'Weight of the candidate over time',
    note: 'Share of the traffic in percent; a dot is where the verdict changed (red: fail, green: pass, orange: neither).',
    height: 280,
    option: (width) => ({
      grid: { left: 8, right: 24, top: 16, bottom: 8, containLabel: true },
      xAxis: timeAxis(width),
      yAxis: { type: 'value', ...axisStyle, min: 0, max: 100, axisLabel: { ...textStyle, formatter: '{value} %' } },
      series: [
        {
          type: 'line',
          step: 'end',
          showSymbol: false,
          data: [...moves, [end, last[1] ?? 0]],
          lineStyle: { color: ink('candidate'), width: 2 },
          areaStyle: { color: ink('candidate'), opacity: 0.15 },
        },
        { type: 'scatter', data: thin(marks, MOST_POINTS) as typeof marks, symbolSize: 11, z: 3 },
      ],
    }),
  };
}

/** Without recorded route changes: the steps as they lie in the evidence. */
function stepsChart(data: RolloutReportData): Chart | null {
  if (data.segments.length === 0) return null;
  return {
    name: 'timeline',
    title: 'Weight of the candidate by step',
    note: 'Share of the traffic in percent; the label is the share of errors among its requests.',
    height: 240,
    option: () => ({
      grid: { left: 8, right: 16, top: 24, bottom: 8, containLabel: true },
      xAxis: { type: 'category', ...axisStyle, data: data.segments.map(({ step }) => `step ${step + 1}`) },
      yAxis: { type: 'value', ...axisStyle, min: 0, max: 100, axisLabel: { ...textStyle, formatter: '{value} %' } },
      series: [
        {
          type: 'bar',
          barMaxWidth: 48,
          data: data.segments.map(({ weight }) => weight / 100),
          itemStyle: { color: ink('candidate') },
          label: {
            ...textStyle,
            show: true,
            position: 'top',
            formatter: ({ dataIndex }: { dataIndex: number }) => {
              const arm = data.segments[dataIndex]?.candidate;
              return arm === undefined ? '' : percent(arm.errors, arm.requests);
            },
          },
        },
      ],
    }),
  };
}

const LINES: readonly { readonly colour: ColourName; readonly dash: 'solid' | number[] }[] = [
  { colour: 'candidate', dash: 'solid' },
  { colour: 'champion', dash: [6, 3] },
  { colour: 'good', dash: [2, 3] },
];

/** E as a share of its own threshold, so that one line, 1, means "fires" for all. */
function evidenceChart(data: RolloutReportData): Chart | null {
  const looks = [...data.decisions].sort((a, b) => a.at - b.at).map((one) => ({ at: one.at, seen: guardrailsOf(one) }));
  const events = [...new Set(looks.flatMap(({ seen }) => seen.map(({ event }) => event)))];
  if (events.length === 0) return null;
  const series = events.map((event, i): LineSeriesOption => {
    const { colour, dash } = LINES[i % LINES.length] as (typeof LINES)[number];
    const points = looks.flatMap(({ at, seen }) => {
      const found = seen.find((one) => one.event === event);
      const share = found === undefined ? NaN : found.e / found.threshold;
      return Number.isFinite(share) && share > 0 ? [[at, share]] : [];
    });
    return {
      name: event,
      type: 'line',
      data: thin(points, MOST_POINTS) as number[][],
      showSymbol: false,
      lineStyle: { color: ink(colour), width: 2, type: dash },
      itemStyle: { color: ink(colour) },
      ...(i === 0 ? { markLine: firingLine } : {}),
    };
  });
  return {
    name: 'evidence',
    title: 'Evidence against the candidate',
    note: 'E-value of each guardrail divided by its threshold, logarithmic; at 1 it fires and the champion is back.',
    height: 300,
    option: (width) => ({
      legend: { ...legend, data: events },
      grid: { left: 8, right: 24, top: 40, bottom: 8, containLabel: true },
      xAxis: timeAxis(width),
      yAxis: { type: 'log', ...axisStyle },
      series,
    }),
  };
}

const firingLine = {
  silent: true,
  symbol: 'none',
  lineStyle: { color: ink('bad'), type: 'dashed' as const },
  label: { ...textStyle, formatter: 'fires', position: 'insideStartTop' as const, color: ink('bad') },
  data: [{ yAxis: 1 }],
};

const timeAxis = (width: number): object => ({ type: 'time', ...axisStyle, splitNumber: width < 500 ? 3 : 6 });

const weightAt = (moves: readonly number[][], at: number): number =>
  moves.filter(([when = 0]) => when <= at).at(-1)?.[1] ?? 0;

const tone = (verdict: string): ColourName => (verdict === 'pass' ? 'good' : verdict === 'fail' ? 'bad' : 'champion');

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
