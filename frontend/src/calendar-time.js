// The clinic's time. Wall times come without offset and are never turned into instants here.
import { day, lang } from './calendar-data.js';

const clockFormat = new Intl.DateTimeFormat(lang, { hour: 'numeric', minute: '2-digit', timeZone: 'UTC' });

const asNumber = (wall) => Date.parse(`${wall}Z`);
export const length = ({ start, end }) => (asNumber(end) - asNumber(start)) / 60_000; // minutes
const clockParts = (number) => clockFormat.formatToParts(number).filter(({ type }) => type !== 'dayPeriod');
const clock = (number) => clockParts(number).map(({ value }) => value).join('').trim();
export const startClock = ({ start }) => clock(asNumber(start));
export const span = ({ start, end }) => `${clock(asNumber(start))}–${clock(asNumber(end))}`;

/**
 * Minutes from this computer's UTC to the clinic's wall clock. Taken from the server's clock, so that a computer in
 * another zone, or one that is set wrong, shows the same now-line.
 */
const minutesAhead = (wallNow) => Math.round((asNumber(wallNow) - Date.now()) / 60_000);
let ahead = minutesAhead(day.now);

export const setNow = (wallNow) => (ahead = minutesAhead(wallNow));
export const clockNow = () => clock(Date.now() + ahead * 60_000);

/** The same as ±HH:MM, which is all that the calendar understands of zones. */
export function offset() {
  const two = (number) => String(Math.trunc(number)).padStart(2, '0');
  return `${ahead < 0 ? '-' : '+'}${two(Math.abs(ahead) / 60)}:${two(Math.abs(ahead) % 60)}`;
}
