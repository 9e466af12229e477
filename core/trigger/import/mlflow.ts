import { MLFLOW_SIGNATURE, openSigned } from './signature';
import { digest, header, ignored, invalid, isJson, objectOf, textOf, trigger, type TriggerSource } from './source';

/** Names that our own registry writes carry: they must not trigger a retraining of what was just trained. */
const OUR_ALIASES = new Set(['champion', 'challenger', 'previous']);
const OUR_TAGS = 'ratchet.';

/**
 * MLflow 3's own registry webhooks: `{ entity, action, timestamp, data }` for `model_version.created`,
 * `model_version_alias.created` and `model_version_tag.set` (other events are ignored). The id is the delivery's, which is the
 * same when MLflow tries again. Versions, aliases and tags that Ratchet wrote itself are ignored.
 */
export const mlflow: TriggerSource = {
  name: 'mlflow',
  description: 'MLflow 3 registry webhooks: a new version, an alias, a tag.',
  parse(headers, rawBody, config) {
    const parsed = openSigned(MLFLOW_SIGNATURE, headers, rawBody, config);
    if ('refused' in parsed) return parsed.refused;
    const entity = textOf(parsed.body['entity']);
    const action = textOf(parsed.body['action']);
    const { data } = parsed.body;
    if (entity === null || action === null || !isJson(data))
      return invalid('expected { entity, action, timestamp, data } as MLflow sends it');
    const name = textOf(data['name']);
    const version = textOf(data['version']);
    const tags = objectOf(data['tags']);
    const key = textOf(data['key']) ?? '';
    const alias = textOf(data['alias']) ?? '';
    const event = `${entity}.${action}`;
    const told = ((): string | null => {
      switch (event) {
        case 'model_version.created':
          return `version ${version ?? '?'} of ${name ?? '?'} was registered`;
        case 'model_version_alias.created':
          return `alias ${alias} of ${name ?? '?'} now names version ${version ?? '?'}`;
        case 'model_version_tag.set':
          return `tag ${key} of ${name ?? '?'} ${version ?? '?'} was set to ${JSON.stringify(data['value'])}`;
        default:
          return null;
      }
    })();
    if (told === null) return ignored(`MLflow's ${event} asks for nothing`);
    if (name === null || version === null) return invalid(`data.name and data.version of ${event} must be texts`);
    if (name !== config.model) return ignored(`${event} is about ${name}, not ${config.model}`);
    const ours =
      Object.keys(tags).some((tag) => tag.startsWith(OUR_TAGS)) ||
      (event === 'model_version_alias.created' && OUR_ALIASES.has(alias)) ||
      (event === 'model_version_tag.set' && key.startsWith(OUR_TAGS));
    if (ours) return ignored(`Ratchet wrote this itself: ${told}`);
    return {
      kind: 'triggers',
      triggers: [
        trigger(config, 'mlflow', {
          id: header(headers, 'x-mlflow-delivery-id') ?? digest(config.hmac, rawBody),
          actor: 'mlflow',
          reason: told,
          payload: parsed.body,
        }),
      ],
    };
  },
};
