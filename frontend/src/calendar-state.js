// What the calendar shows now: the visits of the last feed.
import { book, visits } from './calendar-data.js';

let all = visits(book.feed);

export const shown = () => all;
export const isGhost = ({ look }) => ['noshow', 'cancelled', 'late_cancel'].includes(look.display);
export const drawn = () => all.filter((visit) => !isGhost(visit));
export const fed = (feed) => (all = visits(feed));
