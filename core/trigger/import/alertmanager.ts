import { RATCHET_SIGNATURE, openSigned } from './signature';
import {
  digest,
  ignored,
  invalid,
  isJson,
  listOf,
  objectOf,
  textOf,
  trigger,
  type Json,
  type TriggerSource,
} from './source';

/**
 * Prometheus Alertmanager's webhook, payload version 4: one trigger a firing alert, resolved ones are ignored. The id is group
 * key, fingerprint and start, so that the repetitions of one alert (every repeat_interval) count once, and the same alert
 * firing anew counts anew. Alerts with the label `model` of another model are left out. Alertmanager does not sign: give it an
 * API key (http_config.authorization), or a proxy that signs as our notifications are.
 */
export const alertmanager: TriggerSource = {
  name: 'alertmanager',
  description: 'Prometheus Alertmanager, webhook version 4: every firing alert.',
  parse(headers, rawBody, config) {
    const parsed = openSigned(RATCHET_SIGNATURE, headers, rawBody, config);
    if ('refused' in parsed) return parsed.refused;
    const { version, alerts, groupKey } = parsed.body;
    if (version !== '4') return invalid(`expected "version": "4", got ${JSON.stringify(version) ?? 'none'}`);
    if (!Array.isArray(alerts) || !alerts.every(isJson)) return invalid('"alerts" must be a list of objects');
    const bad = alerts.findIndex(
      (alert) => !isJson(alert) || textOf(alert['status']) === null || !isJson(alert['labels']),
    );
    if (bad !== -1) return invalid(`alerts[${bad}] needs "status" and "labels"`);
    const firing = (listOf(alerts) as readonly Json[]).filter((alert) => {
      const of = textOf(objectOf(alert['labels'])['model']);
      return alert['status'] === 'firing' && (of === null || of === config.model);
    });
    if (firing.length === 0) return ignored(`none of the ${alerts.length} alerts fires for ${config.model}`);
    const group = textOf(groupKey) ?? '';
    return {
      kind: 'triggers',
      triggers: firing.map((alert) => {
        const labels = objectOf(alert['labels']);
        const notes = objectOf(alert['annotations']);
        const name = textOf(labels['alertname']) ?? 'alert';
        const said = textOf(notes['summary']) ?? textOf(notes['description']);
        const fingerprint = textOf(alert['fingerprint']) ?? digest(config.hmac, JSON.stringify(labels));
        const { status, startsAt, generatorURL } = alert;
        return trigger(config, 'alertmanager', {
          id: `${digest(config.hmac, group)}:${fingerprint}:${textOf(startsAt) ?? ''}`,
          actor: 'alertmanager',
          reason: said === null ? `${name} fires` : `${name}: ${said}`,
          payload: { groupKey: group, fingerprint, status, startsAt, generatorURL, labels, annotations: notes },
        });
      }),
    };
  },
};
