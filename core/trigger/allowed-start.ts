/**
 * Low-traffic hours: when may a training start? Zones are not worked out in a workflow (its sandbox promises no Intl, and a
 * newer tz database would break its replay): an activity calls this with offsets from the runtime's own tables, and only the
 * answer, an instant, enters the history.
 */
import type { EpochMs } from '../model';
import type { HeavyWindow, Weekday } from '../policy';

/** Minutes that local time is ahead of UTC at an instant: New York in winter −300. */
export type OffsetAt = (instant: EpochMs) => number;

const MINUTE = 60_000;
const DAY = 86_400_000;
/** 1970-01-01 was a Thursday. */
const WEEKDAYS: readonly Weekday[] = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'];

/**
 * The first instant at or after `now` that lies in the window: `now` itself inside it. The opening is inclusive, the end is not.
 * A day counts by where the window opens: `{ from: '22:00', to: '06:00', days: ['fri'] }` is still open on Saturday at five.
 * A local time that the clocks skip means the instant just after the jump; one that they repeat means the first of the two.
 */
export function nextAllowedStart(window: HeavyWindow, now: EpochMs, offsetAt: OffsetAt): EpochMs {
  const from = minutesOf(window.from);
  const to = minutesOf(window.to);
  const today = Math.floor((now + offsetAt(now) * MINUTE) / DAY);
  // Yesterday's may still be open; a week ahead there is one again.
  for (let day = today - 1; day <= today + 8; day += 1) {
    if (window.days.length > 0 && !window.days.includes(weekdayOf(day))) continue;
    const opens = instantOf(day, from, offsetAt);
    const closes = instantOf(to > from ? day : day + 1, to, offsetAt);
    if (now < closes && opens < closes) return Math.max(now, opens);
  }
  return now;
}

const weekdayOf = (day: number): Weekday => WEEKDAYS[((day % 7) + 7) % 7] as Weekday;

function minutesOf(clockTime: string): number {
  const [hours, minutes] = clockTime.split(':');
  return Number(hours) * 60 + Number(minutes);
}

/** The instant of a local time: of the two offsets around it the earlier one that fits, else (skipped) the later one's. */
function instantOf(day: number, minutes: number, offsetAt: OffsetAt): EpochMs {
  const local = day * DAY + minutes * MINUTE;
  const offsets = [offsetAt(local - DAY), offsetAt(local + DAY)];
  const candidates = offsets.map((offset) => local - offset * MINUTE).sort((a, b) => a - b);
  const fits = candidates.find((instant) => instant + offsetAt(instant) * MINUTE === local);
  return fits ?? firstAfterJump(candidates[0] as EpochMs, candidates[1] as EpochMs, offsetAt);
}

/** The clocks jump between these two instants: where, to the minute. */
function firstAfterJump(low: EpochMs, high: EpochMs, offsetAt: OffsetAt): EpochMs {
  const before = offsetAt(low);
  let [a, b] = [low, high];
  while (b - a > MINUTE) {
    const middle = a + Math.floor((b - a) / 2 / MINUTE) * MINUTE;
    if (offsetAt(middle) === before) a = middle;
    else b = middle;
  }
  return b;
}
