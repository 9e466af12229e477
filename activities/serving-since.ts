import type { EpochMs, ModelName, ModelVersion } from '../core/model';
import type { DecisionStore } from '../core/ports';

/**
 * Event time at which the version last became champion by a decision of these kinds; null: not recorded. An adopted model
 * may have served long before it was adopted, so callers that ask "from when are there rows of it" leave `route.adopt` out.
 */
export async function servingSince(
  decisions: Pick<DecisionStore, 'list'>,
  model: ModelName,
  version: ModelVersion,
  kinds: readonly ('route.promote' | 'route.adopt')[],
): Promise<EpochMs | null> {
  const lists = await Promise.all(kinds.map((kind) => decisions.list(model, { kind })));
  const times = lists
    .flat()
    .filter((d) => d.version === version)
    .sort((a, b) => b.id - a.id)
    .map((d) => d.evidence['eventTime'])
    .filter((t): t is EpochMs => typeof t === 'number');
  return times[0] ?? null;
}
