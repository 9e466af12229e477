import { RatchetError } from '../../core/errors';
import type { GoldenRows, ModelContract } from '../../core/model';
import { checkParity, FLIP_BAND } from '../../core/parity';
import type { ModelSlot } from './model-slot';

/**
 * Runs a version's golden rows, which also warms it. Rejects RATCHET_MODEL_GOLDEN unless scores agree within 1e-5 on at
 * least 99.9 % of the rows and labels are equal. No golden rows is no proof: refused too (I2).
 */
export async function checkGoldenRows(slot: ModelSlot, golden: GoldenRows): Promise<void> {
  const { values: answers } = await slot.predictAside(golden.features);
  const parity = checkParity(
    golden.scores,
    answers.map((answer) => answer.score),
    { scale: slot.contract.task === 'regression' ? 'relative' : 'absolute' },
  );
  const wrongLabels = golden.labels.filter((label, row) => {
    const answer = answers[row];
    return answer?.label !== label && !atThreshold(slot.contract, golden.scores[row]);
  }).length;
  if (parity.verdict === 'pass' && wrongLabels === 0) return;
  const why =
    parity.verdict === 'pass'
      ? `${wrongLabels} of ${parity.rows} golden rows get another label, 0 may`
      : parity.reasons.map((reason) => reason.text).join('; ');
  throw new RatchetError('RATCHET_MODEL_GOLDEN', `The version does not reproduce its golden rows: ${why}.`, {
    details: { rows: parity.rows, maxDelta: parity.maxDelta, shareWithin: parity.shareWithin, wrongLabels },
  });
}

/** Where rounding alone decides the label. */
const atThreshold = (contract: ModelContract, score: number | undefined): boolean =>
  contract.task === 'binary' && score !== undefined && Math.abs(score - contract.threshold) <= FLIP_BAND;
