import { createHash } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json';
import { RatchetError } from '../../core/errors';
import { isExternal } from '../../core/external-version';
import type { ModelName, ModelVersion, VersionRecord } from '../../core/model';
import type { WatchContext, WatchReference, WatchSubject } from './ports';

/**
 * The model and the version that is meant: the one asked for; else the routed champion; else the newest that is served elsewhere.
 * Rejects RATCHET_MODEL_UNKNOWN, RATCHET_VERSION_UNKNOWN.
 */
export async function subjectOf(
  context: WatchContext,
  model: ModelName,
  asked: ModelVersion | undefined,
): Promise<WatchSubject> {
  const { models } = context.ports;
  const record = await models.getModel(model);
  const version = asked ?? currentVersion(context, model, await models.listVersions(model));
  if (version === null) {
    throw new RatchetError('RATCHET_VERSION_UNKNOWN', `No version of ${model} answers now.`, {
      hint: 'Say which with ?version=, register one that is served elsewhere, or adopt one.',
    });
  }
  const known = await models.getVersion(model, version);
  const { contract, holdoutMetrics } = known;
  return {
    record,
    version,
    contract,
    holdoutMetrics,
    external: isExternal(known),
    reference: await referenceOf(context, known),
  };
}

/** null: nothing serves it. */
export function currentVersion(
  context: WatchContext,
  model: ModelName,
  versions: readonly VersionRecord[],
): ModelVersion | null {
  return context.champion(model) ?? versions.filter(isExternal).at(-1)?.version ?? null;
}

/** The newest profile of the version; else the one that it was registered with. */
export async function referenceOf(context: WatchContext, version: VersionRecord): Promise<WatchReference | null> {
  const saved = await context.ports.profiles.getProfile(version.model, version.version);
  if (saved !== null) return saved;
  const { referenceProfile: profile } = version;
  if (profile === null) return null;
  return { digest: createHash('sha256').update(canonicalJson(profile)).digest('hex'), profile, savedAt: null };
}
