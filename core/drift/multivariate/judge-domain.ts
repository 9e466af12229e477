import { RatchetError } from '../../errors';
import type { FeatureSpec } from '../../model';
import type { TrainerProgress } from '../../ports';
import type { Reason } from '../../verdict';

/** The job file of kind `domain` (docs/reference/trainer.md): can a classifier tell two tables apart? */
export interface DomainJob {
  /** Parquet files with the features and, when asked for, the cluster column; and their SHA-256, hex. */
  readonly referenceUri: string;
  readonly referenceDigest: string;
  readonly currentUri: string;
  readonly currentDigest: string;
  readonly features: readonly FeatureSpec[];
  /** Rows of equal value move together (an hour, a customer): one fold, one observation. null: rows are independent. */
  readonly clusterColumn: string | null;
  /** 2 to 50; NannyML's are 5. */
  readonly folds: number;
  /** Larger tables are thinned evenly, on each side, to this many rows. */
  readonly maximumRows: number;
  readonly seed: number;
  readonly outputDir: string;
}

export interface DomainClassification {
  /** Area under the ROC curve of the out-of-fold scores, 0 to 1; 0.5: cannot be told apart. */
  readonly auc: number;
  /** 95 % interval, 0 ≤ low ≤ auc ≤ high ≤ 1. */
  readonly low: number;
  readonly high: number;
  readonly standardError: number;
  /** Two-sided, of auc = 0.5. */
  readonly pValue: number;
  /** Share of the splits' gain by feature; sums to 1, or all 0. */
  readonly importance: Readonly<Record<string, number>>;
  /** Rows that were classified. */
  readonly rows: { readonly reference: number; readonly current: number };
  /** Distinct clusters over both tables; null without a cluster column. */
  readonly clusters: number | null;
  readonly versions: Readonly<Record<string, string>>;
  readonly seconds: number;
}

/** A port: adapters/trainer's ProcessTrainer is one. */
export interface DomainClassifier {
  /** Rejects as Trainer.run does: RATCHET_TRAINER_FAILED, _PREEMPTED, _HUNG, _OUTPUT. */
  classifyDomain(
    job: DomainJob,
    options: {
      readonly onProgress: (p: TrainerProgress) => void;
      readonly signal: AbortSignal;
      readonly cudaDevice: string | null;
      readonly silenceMs: number;
    },
  ): Promise<DomainClassification>;
}

export interface DomainPolicy {
  /** Inside, the tables count as alike. Default 0.45 to 0.65, NannyML's. */
  readonly low?: number;
  readonly high?: number;
  /** Default 0.05. */
  readonly alpha?: number;
  /** On either side. Default 200. */
  readonly minimumRows?: number;
}

export interface DomainJudgement {
  readonly verdict: 'ok' | 'drift' | 'insufficient';
  readonly reason: Reason;
}

/** An interval over fewer clusters says nothing. */
const MINIMUM_CLUSTERS = 10;

/**
 * `drift`: the AUC lies outside the band AND its p-value is at most alpha. `ok`: inside the band. `insufficient`: too few rows
 * or clusters, numbers that are no numbers, or outside the band by what may be chance.
 */
export function judgeDomain(result: DomainClassification, policy: DomainPolicy = {}): DomainJudgement {
  const { low = 0.45, high = 0.65, alpha = 0.05, minimumRows = 200 } = policy;
  if (!(low >= 0 && low <= high && high <= 1))
    throw new RatchetError('RATCHET_INPUT_INVALID', `the band is ${low} to ${high}, expected 0 <= low <= high <= 1`);
  if (!(alpha > 0 && alpha < 1))
    throw new RatchetError('RATCHET_INPUT_INVALID', `alpha is ${alpha}, expected more than 0 and less than 1`);
  if (!(minimumRows >= 0))
    throw new RatchetError('RATCHET_INPUT_INVALID', `minimumRows is ${minimumRows}, expected 0 or more`);
  const { auc, pValue, rows, clusters } = result;
  const fewest = Math.min(rows.reference, rows.current);
  if (!(fewest >= Math.max(1, minimumRows)))
    return insufficient(
      'domain.rows',
      `${rows.reference} reference and ${rows.current} current rows, at least ${minimumRows} are needed on either side`,
    );
  if (clusters !== null && !(clusters >= MINIMUM_CLUSTERS))
    return insufficient('domain.clusters', `${clusters} clusters, at least ${MINIMUM_CLUSTERS} are needed`);
  if (!(auc >= 0 && auc <= 1 && pValue >= 0 && pValue <= 1))
    return insufficient('domain.undefined', 'the classifier has no AUC for these tables');
  const text = `a classifier tells the tables apart with AUC ${short(auc)} (95 %: ${short(result.low)} to ${short(result.high)}, p = ${short(pValue)}), expected ${low} to ${high}`;
  if (auc >= low && auc <= high)
    return { verdict: 'ok', reason: { code: 'domain.auc', text, observed: auc, expected: high } };
  if (pValue > alpha) return insufficient('domain.noise', `${text}; these rows cannot tell that from chance`);
  const [first] = Object.entries(result.importance).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const where = first === undefined ? '' : `; mostly by ${first[0]}`;
  return {
    verdict: 'drift',
    reason: { code: 'domain.auc', text: text + where, observed: auc, expected: auc > high ? high : low },
  };
}

function insufficient(code: string, text: string): DomainJudgement {
  return { verdict: 'insufficient', reason: { code, text, observed: null } };
}

const short = (value: number): string => String(Number(value.toPrecision(3)));
