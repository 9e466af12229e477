import { RATCHET_SIGNATURE, openSigned } from './signature';
import { digest, header, invalid, isJson, textOf, trigger, type TriggerSource } from './source';

/**
 * The generic webhook: `{ "reason": "…", "actor"?: "…", "id"?: "…", "asOf"?: <epoch ms>, "payload"?: {…} }`, signed as our own
 * notifications are. The id is that of the body, else of the header `x-ratchet-id`, else made from body and time of signing.
 */
export const webhook: TriggerSource = {
  name: 'webhook',
  description: 'Any program: a reason in JSON, signed with HMAC-SHA256.',
  parse(headers, rawBody, config) {
    const parsed = openSigned(RATCHET_SIGNATURE, headers, rawBody, config);
    if ('refused' in parsed) return parsed.refused;
    const { reason, actor, id, asOf, payload, model } = parsed.body;
    const why = textOf(reason);
    if (why === null) return invalid('"reason" must be a text');
    if (actor !== undefined && textOf(actor) === null) return invalid('"actor" must be a text');
    if (id !== undefined && textOf(id) === null) return invalid('"id" must be a text');
    if (asOf !== undefined && !(typeof asOf === 'number' && Number.isFinite(asOf) && asOf >= 0))
      return invalid('"asOf" must be epoch milliseconds');
    if (payload !== undefined && !isJson(payload)) return invalid('"payload" must be an object');
    if (model !== undefined && model !== config.model)
      return invalid(`"model" is ${JSON.stringify(model)}, and the address is that of ${config.model}`);
    const stamp = header(headers, RATCHET_SIGNATURE.timestampHeader) ?? String(config.now);
    return {
      kind: 'triggers',
      triggers: [
        trigger(config, 'webhook', {
          id: textOf(id) ?? header(headers, 'x-ratchet-id') ?? digest(config.hmac, `${stamp}.${rawBody}`),
          actor: textOf(actor) ?? 'webhook',
          reason: why,
          asOf: typeof asOf === 'number' ? asOf : null,
          ...(isJson(payload) ? { payload } : {}),
        }),
      ],
    };
  },
};
