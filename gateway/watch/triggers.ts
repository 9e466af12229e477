import { createHmac } from 'node:crypto';
import { RatchetError } from '../../core/errors';
import { TRIGGER_SOURCES } from '../../core/trigger/import';
import { WATCH_SOURCES } from '../../policy';
import { json, type HttpAnswer } from '../http/http-server';
import { modelIn, type WatchCall } from './call';

/**
 * Keeps what a source sends, then acknowledges it: from 202 on it is in PostgreSQL, whether Temporal runs or not. Who may send
 * follows from the policy: the source's signature under the secret that it names, or an API key of scope `operate`.
 */
export async function addTrigger(call: WatchCall): Promise<HttpAnswer> {
  const { context, request } = call;
  const { ports, access, clock } = context;
  const name = WATCH_SOURCES.find((source) => source === call.path['source']);
  if (name === undefined) {
    throw new RatchetError('RATCHET_NOT_FOUND', `There is no source ${(call.path['source'] ?? '').slice(0, 60)}.`, {
      hint: `Sources are ${WATCH_SOURCES.join(', ')}.`,
    });
  }
  const { model, policy } = await ports.models.getModel(modelIn(call));
  const webhook = policy.triggers.webhooks.find(({ source }) => source === name);
  if (webhook === undefined) {
    throw new RatchetError('RATCHET_NOT_FOUND', `The policy of ${model} takes no triggers from ${name}.`, {
      hint: `Add { source: ${name} } to triggers.webhooks of the policy.`,
    });
  }
  if (webhook.secretEnv === null) await access.require(request, 'operate');
  const body = (await call.bytes()).toString('utf8');
  const parsed = TRIGGER_SOURCES[name].parse(request.headers, body, {
    model,
    // a variable that is named but not set is an empty secret, which lets nobody in
    secret: webhook.secretEnv === null ? null : (ports.secretOf(webhook.secretEnv) ?? ''),
    now: clock.now(),
    hmac: (secret, text, encoding) => createHmac('sha256', secret).update(text).digest(encoding),
  });
  switch (parsed.kind) {
    case 'refused':
      throw new RatchetError(parsed.code, `The trigger was refused: ${parsed.reason}.`);
    case 'ignored':
      return json(200, { added: 0, duplicate: false, ids: [], ignored: parsed.reason });
    case 'triggers': {
      const { added } = await ports.triggers.addTriggers(parsed.triggers);
      const ids = parsed.triggers.map(({ id }) => id);
      return json(added === 0 ? 200 : 202, { added, duplicate: added === 0, ids, ignored: null });
    }
  }
}
