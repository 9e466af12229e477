import { watchApi } from '../../policy';
import { json, type HttpAnswer } from '../http/http-server';
import { isPredictionId } from '../prediction-id';
import { decodeLabels, encodeLabels } from '../protocol/labels';
import { modelIn, type WatchCall } from './call';
import { predictionUuid } from './prediction-uuid';
import { subjectOf } from './subject';

/** How long labels wait for the rows that they name to reach PostgreSQL. */
const DRAIN_MS = 5_000;

/** What `/v2/models/{model}/labels` does, by the caller's own ids too. */
export async function addLabels(call: WatchCall): Promise<HttpAnswer> {
  const { context } = call;
  const model = modelIn(call);
  const { contract } = await subjectOf(context, model, undefined);
  const { labels } = await call.json(watchApi.labels);
  const given = labels.map(({ id, value, observedAt, correction }) => ({
    prediction_id: predictionUuid(model, id),
    value,
    observed_at: observedAt,
    correction,
  }));
  const decoded = decodeLabels({ labels: given }, contract, Math.floor(context.clock.now()));
  const valid = decoded.flatMap((entry) => ('label' in entry ? [entry.label] : []));
  // An id of the caller's own does not tell its age, so the store knows it only once its row is there.
  if (labels.some(({ id }) => !isPredictionId(id))) await context.drained(model, DRAIN_MS);
  const saved = valid.length === 0 ? [] : await context.labels.saveLabels(model, valid, context.limits.labelGraceMs);
  const { status, body } = encodeLabels(decoded, saved);
  const outcomes = (body['outcomes'] as readonly Readonly<Record<string, unknown>>[]).map(
    ({ outcome, error, code, hint }, i) => ({ id: labels[i]?.id ?? null, outcome, error, code, hint }),
  );
  return json(status, { ...body, outcomes });
}
