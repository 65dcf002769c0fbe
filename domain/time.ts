/** Durations in milliseconds. Every name in this code that ends in `Ms` is in this unit; wall-clock instants are Unix epoch milliseconds. */
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The latest instant a JavaScript date can hold: the value of an ordered time field that has no time yet, so that it sorts last in every engine. */
export const NEVER_MS = 8_640_000_000_000_000;
