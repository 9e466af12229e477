/** How issues are written. */
import type { Reason } from '../verdict';
import type { Offending } from './quality-counts';
import type { QualityCode, QualityIssue } from './quality-report';

type Details = Partial<Pick<QualityIssue, 'observed' | 'expected' | 'probableRename' | 'expectation'>> & {
  readonly offending?: Offending;
};

export function issueOf(
  code: QualityCode,
  severity: QualityIssue['severity'],
  feature: string | null,
  message: string,
  details: Details = {},
): QualityIssue {
  const { offending, ...rest } = details;
  const keys = offending?.keys ?? [];
  return {
    code,
    severity,
    feature,
    message: keys.length === 0 ? message : `${message}; first: ${keys.slice(0, NAMED_KEYS).join(', ')}`,
    observed: null,
    expected: null,
    count: offending?.count ?? 0,
    rows: offending?.rows ?? [],
    ...(keys.length === 0 ? {} : { keys }),
    ...rest,
  };
}

/** Keys that the message itself names. */
const NAMED_KEYS = 3;

export const reasonOf = (issue: QualityIssue): Reason => ({
  code: issue.code,
  text: issue.message,
  observed: issue.observed,
  expected: issue.expected,
});

export const share = (count: number, rows: number): number | null => (rows > 0 ? count / rows : null);
export const percent = (value: number): string => `${Number((100 * value).toPrecision(3))} %`;
export const hours = (ms: number): string => `${Number((ms / 3_600_000).toPrecision(3))} h`;
