// What the calendar shows now: the visits and blocked time of the last feed.
import { blocks, book, visits } from './calendar-data.js';

let all = visits(book.feed);
let kept = blocks(book.feed);

export const shown = () => all;
export const isGhost = ({ look }) => ['noshow', 'cancelled', 'late_cancel'].includes(look.display);
export const drawn = () => all.filter((visit) => !isGhost(visit));
export const blocked = () => kept;

export function fed(feed) {
  all = visits(feed);
  kept = blocks(feed);
}
