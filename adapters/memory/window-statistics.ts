import { countWindow } from '../../core/drift/count-window';
import type { CountPlan, WindowCounts } from '../../core/drift/window-counts';
import { frameOf, numberColumn, stringColumn, type Frame, type FrameColumn } from '../../core/frame';
import type { ModelContract } from '../../core/model';
import { countPerformance, countSlices } from '../../core/performance/count';
import { selectLabelledRows, type AnsweredRows } from '../../core/performance/labelled-rows';
import type { PerformanceCounts, SliceCounts } from '../../core/performance/performance-counts';
import type { WindowRows, WindowStatistics } from '../../core/ports';
import type { MemoryDatabase } from './database';
import { MemoryPredictionReader } from './predictions';

type OfVersion = { readonly version: string | null };

/** The pure functions of core over the rows: what adapters/postgres counts in SQL. */
export class MemoryWindowStatistics implements WindowStatistics {
  private readonly reader: MemoryPredictionReader;

  constructor(private readonly db: MemoryDatabase) {
    this.reader = new MemoryPredictionReader(db);
  }

  async countWindow(
    model: string,
    contract: ModelContract,
    plan: CountPlan,
    from: number,
    to: number,
    options: OfVersion & { readonly closedBefore: number },
  ): Promise<WindowCounts> {
    const { features, occurredAt, scores, labels } = await this.read(model, contract, from, to, options);
    return countWindow({ frame: frameOf(features, contract.features), occurredAt, scores, labels, from, to }, plan);
  }

  async countPerformance(
    model: string,
    contract: ModelContract,
    from: number,
    to: number,
    options: OfVersion & { readonly slices: readonly string[] },
  ): Promise<{ readonly all: PerformanceCounts; readonly slices: readonly SliceCounts[] }> {
    const rows = await this.read(model, contract, from, to, options);
    const answered = answeredRows(rows, contract);
    const slices = options.slices.flatMap((name) =>
      countSlices(name, rows.features.columns[name] ?? answered.truths.map(() => null), answered),
    );
    return { all: countPerformance(answered), slices };
  }

  async countScores(
    model: string,
    contract: ModelContract,
    from: number,
    to: number,
    knots: readonly number[],
    options: OfVersion,
  ): Promise<
    readonly { readonly answer: 0 | 1; readonly segment: number; readonly n: number; readonly sumScore: number }[]
  > {
    const { scores, labels } = await this.read(model, contract, from, to, options);
    const counted = new Map<string, { answer: 0 | 1; segment: number; n: number; sumScore: number }>();
    scores.forEach((score, i) => {
      const answer = contract.task === 'binary' ? contract.classes.indexOf(labels[i] ?? '') : -1;
      if ((answer !== 0 && answer !== 1) || score === null || !(score >= 0 && score <= 1)) return;
      const segment = knots.filter((knot) => knot < score).length;
      const key = `${answer}/${segment}`;
      const { n, sumScore } = counted.get(key) ?? { n: 0, sumScore: 0 };
      counted.set(key, { answer, segment, n: n + 1, sumScore: sumScore + score });
    });
    return [...counted.values()].sort((a, b) => a.answer - b.answer || a.segment - b.segment);
  }

  async readFrame(
    model: string,
    contract: ModelContract,
    from: number,
    to: number,
    options: OfVersion & { readonly columns?: readonly string[]; readonly limit?: number },
  ): Promise<Frame> {
    const read = await this.read(model, contract, from, to, options);
    const rows = Math.min(read.features.rows, options.limit ?? Infinity);
    const wanted = options.columns ?? [...contract.features.map((f) => f.name), 'score', 'label'];
    const columns = new Map<string, FrameColumn>();
    for (const name of wanted) {
      const kind = contract.features.find((f) => f.name === name)?.kind;
      const values = (read.features.columns[name] ?? []).slice(0, rows);
      if (kind === 'number') columns.set(name, float32Column(values as readonly (number | null)[]));
      else if (kind === 'string') columns.set(name, stringColumn(values as readonly (string | null)[]));
      else if (name === 'score') columns.set(name, numberColumn(read.scores.slice(0, rows)));
      else if (name === 'label') columns.set(name, stringColumn(read.labels.slice(0, rows)));
    }
    return { rows, columns };
  }

  async readErrors(
    model: string,
    contract: ModelContract,
    version: string,
    after: string | null,
    limit: number,
  ): Promise<{ readonly errors: readonly number[]; readonly cursor: string | null }> {
    const page = this.reader
      .servedRows(model, -Infinity, Infinity, version)
      .flatMap((row) => {
        const label = this.db.labels.get(`${model}/${row.id.toLowerCase()}`);
        return label === undefined || label.seq <= Number(after ?? 0) ? [] : [{ ...label, row }];
      })
      .sort((a, b) => a.seq - b.seq)
      .slice(0, limit);
    const { rows: valid } = selectLabelledRows({
      task: contract.task,
      classes: contract.classes,
      scores: page.map(({ row }) => row.score),
      labels: page.map(({ row }) => row.label),
      truths: page.map(({ value }) => value),
    });
    const errors =
      valid.task === 'regression'
        ? valid.truth.map((y, i) => Math.abs(y - (valid.score[i] ?? Number.NaN)))
        : valid.truth.map((truth, i) => (truth === valid.answer[i] ? 0 : 1));
    const seqs = [...this.db.labels].filter(([key]) => key.startsWith(`${model}/`)).map(([, label]) => label.seq);
    const last = page.length >= limit ? (page.at(-1)?.seq ?? 0) : Math.max(Number(after ?? 0), ...seqs);
    return { errors, cursor: last === 0 ? after : String(last) };
  }

  private read(
    model: string,
    contract: ModelContract,
    from: number,
    to: number,
    options: OfVersion,
  ): Promise<WindowRows> {
    return this.reader.readWindow(
      model,
      contract,
      from,
      to,
      options.version === null ? {} : { version: options.version },
    );
  }
}

const answeredRows = (rows: WindowRows, { task, classes }: ModelContract): AnsweredRows => ({
  task,
  classes,
  scores: rows.scores,
  labels: rows.labels,
  truths: rows.truths,
});

/** As the log stores them. */
function float32Column(values: readonly (number | null)[]): FrameColumn {
  const { values: doubles } = numberColumn(
    values.map((v) => (v !== null && Number.isFinite(Math.fround(v)) ? v : null)),
  );
  const rounded = Float32Array.from(doubles);
  return { kind: 'number', values: rounded, integer: rounded.every((v) => !Number.isFinite(v) || v % 1 === 0) };
}
