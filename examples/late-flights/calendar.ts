/** Moments of the story: midnights in New York, as UTC. Daylight saving time ended on 3 November 2013. */
const summer = (month: number, day: number): number => Date.UTC(2013, month - 1, day, 4);
const winter = (month: number, day: number): number => Date.UTC(2013, month - 1, day, 5);

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export const FIRST_TRAINING_DAY = summer(9, 2);
/** The first champion's training ends here. */
export const OCTOBER_28 = summer(10, 28);
/** Anchor of the weekly windows: the same wall-clock week in winter time. */
export const FIRST_WINDOW = winter(10, 28);
export const NOVEMBER_25 = winter(11, 25);
export const DECEMBER_2 = winter(12, 2);
export const DECEMBER_9 = winter(12, 9);
export const DECEMBER_16 = winter(12, 16);
export const DECEMBER_23 = winter(12, 23);

/** A window is evaluated when its labels are mature: 12 h horizon and 5 min lateness after its end. */
export const MATURITY = 12.5 * HOUR;

/** 2013-12-08 as people say it. */
export const day = (ms: number): string =>
  new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'America/New_York' }).format(ms);
