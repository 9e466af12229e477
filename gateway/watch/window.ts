import type { EpochMs } from '../../core/model';
import { malformed, readTime } from '../protocol/prediction-request';
import { textIn, type WatchCall } from './call';
import type { Window } from './ports';

/** Years of hourly counts are no request: the widest window, in milliseconds. */
const MAX_WINDOW_MS = 5 * 366 * 86_400_000;

/** `from` and `to` of the query. Rejects RATCHET_REQUEST_MALFORMED. */
export function windowIn(call: WatchCall): Window {
  const from = timeIn(call, 'from');
  const to = timeIn(call, 'to');
  if (to <= from) throw malformed(`to (${iso(to)}) must be after from (${iso(from)}).`);
  if (to - from > MAX_WINDOW_MS) throw malformed('The window is longer than five years.');
  return { from, to };
}

function timeIn(call: WatchCall, name: 'from' | 'to'): EpochMs {
  const text = textIn(call, name);
  if (text === undefined) throw malformed(`The parameter ${name} is missing.`);
  if (/ \d\d:?\d\d$/.test(text)) {
    throw malformed(`${name} is ${JSON.stringify(text)}: write + in a URL as %2B, or use a time that ends in Z.`);
  }
  return readTime(name, /^-?\d+$/.test(text) ? Number(text) : text);
}

const iso = (at: EpochMs): string => new Date(at).toISOString();
