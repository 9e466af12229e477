import { RatchetError } from '../../core/errors';
import type { Trainer, TrialParams } from '../../core/ports';
import { Reader } from './json-reader';

type Search = Parameters<Trainer['suggest']>[0]['search'];

/**
 * Checks what the search answered: as many sets as asked for, each with every searched parameter and nothing else.
 *
 * @throws RatchetError RATCHET_TRAINER_OUTPUT
 */
export function readSuggestions(value: unknown, search: Search, count: number): readonly TrialParams[] {
  const names = Object.keys(search).sort();
  try {
    const sets = new Reader(value, 'suggestions').list((set) => set.map((v) => v.scalar()));
    if (sets.length !== count) throw new Error(`there are ${sets.length} suggestions, ${count} were asked for`);
    for (const set of sets) {
      const given = Object.keys(set).sort();
      if (given.join() !== names.join())
        throw new Error(`a suggestion has [${given.join(', ')}], expected [${names.join(', ')}]`);
    }
    return sets;
  } catch (cause) {
    throw new RatchetError('RATCHET_TRAINER_OUTPUT', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
