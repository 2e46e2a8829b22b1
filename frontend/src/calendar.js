// The book as a grid: a column per provider, or per day of one. Mounts EventCalendar on #calendar where there is room for it.
import { createCalendar, Interaction, ResourceTimeGrid, TimeGrid } from '@event-calendar/core';

import '../styles/calendar.css';
import { dayHeaderFormat, eventContent, resourceLabelContent } from './calendar-cards.js';
import { book, host, lang } from './calendar-data.js';
import { showDraft } from './calendar-draft.js';
import { dateClick, eventDrop, putBack } from './calendar-moves.js';
import { blocked, fed, isGhost, shown } from './calendar-state.js';
import { clockNow, offset, setNow, wall } from './calendar-time.js';
import { showNamed } from './shown.js';

const roomy = matchMedia('(width >= 48rem)'); // below, the page shows the agenda
const hour = new Intl.DateTimeFormat(lang, { hour: 'numeric' });
const anHour = 88; // px, at any step
const isWeek = book.view === 'week';
let calendar;

const resources = () => book.columns.map(({ id, name }) => ({ id, title: name }));

const closed = () =>
  book.closed.map(([column, start, minutes, isBreak], index) => ({
    id: `closed-${index}`,
    resourceId: book.columns[column].id,
    start: wall(start),
    end: wall(start + minutes),
    display: 'background',
    startEditable: false,
    extendedProps: { isBreak: Boolean(isBreak) },
  }));

const asEvent = (visit) => ({
  id: visit.id,
  resourceId: visit.provider,
  start: wall(visit.start),
  end: wall(visit.end),
  title: visit.name,
  display: isGhost(visit) ? 'background' : 'auto',
  startEditable: visit.moves,
  extendedProps: { visit },
});

const asBlock = (block) => ({
  id: block.id,
  resourceId: block.provider,
  start: wall(block.start),
  end: wall(block.end),
  title: block.why,
  startEditable: false,
  extendedProps: { block },
});

const everything = () => [...shown().map(asEvent), ...blocked().map(asBlock)];

function build() {
  if (calendar || !roomy.matches || !book.columns.length) return;
  calendar = createCalendar(host, [isWeek ? TimeGrid : ResourceTimeGrid, Interaction], {
    view: isWeek ? 'timeGridWeek' : 'resourceTimeGridDay',
    date: book.date,
    firstDay: 1,
    hiddenDays: book.hidden,
    dayHeaderFormat,
    timeZone: offset(),
    locale: lang,
    headerToolbar: false,
    height: '100%',
    allDaySlot: false,
    columnWidth: isWeek ? 'minmax(120px, 1fr)' : 'minmax(158px, 1fr)', // scrolls sideways where they do not fit
    slotMinTime: book.min,
    slotMaxTime: book.max,
    scrollTime: book.min,
    slotDuration: wall(book.step).slice(11),
    slotLabelInterval: '01:00',
    slotHeight: (anHour * book.step) / 60,
    slotLabelFormat: (time) => hour.format(time),
    nowIndicator: true,
    resources: resources(),
    resourceLabelContent,
    events: [...closed(), ...everything()],
    eventContent,
    eventDurationEditable: false,
    eventLongPressDelay: 500,
    eventDrop,
    dateClick,
  });
  putBack((visit) => calendar.updateEvent(asEvent(visit)));
  showDraft(calendar);
  requestAnimationFrame(() => {
    dropRoles();
    const line = labelNow();
    const view = host.querySelector('.ec-main');
    const open = host.querySelector('.who[aria-current]'); // its panel lies over the page
    if (open) open.scrollIntoView({ block: 'center', inline: 'nearest' });
    else if (showNamed(host)) return;
    else if (line && line.offsetTop > view.clientHeight) view.scrollTop = line.offsetTop - view.clientHeight / 2;
  });
}

/** The library calls its parts a table, which they are not: every card says its time and provider itself. */
function dropRoles() {
  for (const part of host.querySelectorAll('div[role]')) part.role = part.ariaColIndex = null;
}

/** Writes the clinic's time onto the now-line, which the calendar moves by itself. */
function labelNow() {
  const line = host.querySelector('.ec-now-indicator');
  if (line) line.dataset.time = clockNow();
  return line;
}

/** Draws what is new, where it stands; the rest, the scroll and the focus stay as they are. */
async function redraw(feed, server) {
  const before = new Map(everything().map((event) => [event.id, JSON.stringify(event)]));
  fed(feed);
  const after = new Map(everything().map((event) => [event.id, event]));
  setNow(server, feed);
  if (!calendar) return;
  const focused = host.contains(document.activeElement) && document.activeElement.getAttribute('href');
  for (const id of before.keys()) if (!after.has(id)) calendar.removeEventById(id);
  for (const [id, event] of after) {
    if (!before.has(id)) calendar.addEvent(event);
    else if (before.get(id) !== JSON.stringify(event)) calendar.updateEvent(event);
  }
  calendar.setOption('timeZone', offset());
  if (!isWeek) calendar.setOption('resources', resources()); // their heads count the hours
  await new Promise(requestAnimationFrame);
  dropRoles();
  labelNow();
  if (focused) host.querySelector(`.who[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

build();
roomy.addEventListener('change', build);
document.body.addEventListener('book-fed', ({ detail: { feed, server } }) => redraw(feed, server));
setInterval(labelNow, 20_000);
