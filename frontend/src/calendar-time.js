// The clinic's time. Wall times are minutes from the midnight on which the grid begins, and are never turned into instants here.
import { book, lang } from './calendar-data.js';

const clockFormat = new Intl.DateTimeFormat(lang, { hour: 'numeric', minute: '2-digit', timeZone: 'UTC' });
const begins = Date.parse(`${book.date}T00:00Z`);

const asNumber = (minutes) => begins + minutes * 60_000;
const clockParts = (number) => clockFormat.formatToParts(number).filter(({ type }) => type !== 'dayPeriod');
const clock = (number) => clockParts(number).map(({ value }) => value).join('').trim();

/** As the calendar takes it: without offset. */
export const wall = (minutes) => new Date(asNumber(minutes)).toISOString().slice(0, 19);
/** A wall time as the server writes it, in minutes again. */
export const minutesAt = (time) => (Date.parse(`${time}Z`) - begins) / 60_000;
/** A date of the calendar's, which shows the clinic's wall time by this computer's getters, as minutes again. */
export const minutesOf = (date) =>
  (Date.UTC(date.getFullYear(), date.getMonth(), date.getDate(), date.getHours(), date.getMinutes()) - begins) / 60_000;
export const startClock = ({ start }) => clock(asNumber(start));
export const span = ({ start, end }) => `${clock(asNumber(start))}–${clock(asNumber(end))}`;

/**
 * Minutes from this computer's UTC to the clinic's wall clock. Taken from the server's clock, so that a computer in
 * another zone, or one that is set wrong, shows the same now-line.
 */
let ahead;

export function setNow(server, feed) {
  ahead = feed.ahead + Math.round((server - Date.now()) / 60_000);
}
setNow(book.now * 1000, book.feed);

export const todayThere = () => new Date(Date.now() + ahead * 60_000).toISOString().slice(0, 10);
export const clockNow = () => clock(Date.now() + ahead * 60_000);

/** The same as ±HH:MM, which is all that the calendar understands of zones. */
export function offset() {
  const two = (number) => String(Math.trunc(number)).padStart(2, '0');
  return `${ahead < 0 ? '-' : '+'}${two(Math.abs(ahead) / 60)}:${two(Math.abs(ahead) % 60)}`;
}
