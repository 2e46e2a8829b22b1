// What is drawn in the calendar: visits, breaks, and the heads of columns. Names are set as text, never as HTML.
import { book, lang, words } from './calendar-data.js';
import { drawn } from './calendar-state.js';
import { minutesOf, span, startClock, todayThere } from './calendar-time.js';
import { isCurrent } from './drawer.js';
import htmx from './htmx.js';

function element(tag, className, ...children) {
  const node = document.createElement(tag);
  node.className = className;
  node.append(...children);
  return node;
}

function icon(name, className, label) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  svg.setAttribute('class', `icon ${className}`);
  if (label) {
    svg.role = 'img';
    svg.ariaLabel = label;
  } else {
    svg.ariaHidden = 'true';
  }
  use.setAttribute('href', `${book.icons_url}#${name}`);
  svg.append(use);
  return svg;
}

function button(text, attributes) {
  const node = element('button', '', text);
  node.type = 'button';
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function nameLink(visit) {
  const { name, url, service, provider, look } = visit;
  const { name: with_ } = book.columns.find(({ id }) => id === provider) ?? {};
  const link = element('a', 'who', name);
  link.href = url;
  link.draggable = false; // the card is dragged, not its address
  link.ariaLabel = [name, span(visit), service, with_, look.label].filter(Boolean).join(', ');
  link.setAttribute('hx-get', url);
  link.setAttribute('hx-target', '#drawer');
  link.setAttribute('hx-push-url', 'true');
  if (isCurrent(url)) link.setAttribute('aria-current', 'true');
  return link;
}

const arrived = ({ url, over, name }) =>
  element(
    'div',
    'ask',
    element('b', '', words.arrived),
    button(words.yes, {
      'hx-post': `${url}${over ? 'complete' : 'check-in'}/`,
      'hx-swap': 'none',
      'aria-label': `${words.yes}, ${name}`,
    }),
    button(words.noshow, {
      'hx-get': `${url}no-show/`,
      'hx-target': '#dialog',
      'aria-label': `${words.noshow}, ${name}`,
    }),
  );

/** Up to a quarter of an hour in one row, up to half of one in two. */
function shape(spot, status, tone, { mark, who, meta, ask }) {
  const minutes = spot.end - spot.start;
  const what = element('div', 'what', spot.service);
  const row = (...children) => element('div', 'row', ...children);

  const node = element('div', `appt st-${tone}`);
  node.dataset.status = status;
  if (minutes <= 15) {
    node.dataset.length = 'shortest';
    node.append(row(mark, who, meta));
  } else if (minutes <= 30) {
    node.dataset.length = 'short';
    what.prepend(`${startClock(spot)} · `);
    node.append(row(mark, who, meta), what);
  } else {
    node.append(row(mark, element('span', 'when', span(spot)), meta), row(who));
    if (!ask || minutes >= 60) node.append(what);
    if (ask) node.append(ask);
  }
  return node;
}

function visitCard(visit) {
  const { look } = visit;
  const node = shape(visit, look.display, look.tone, {
    mark: icon(look.icon, 'mark size-3.5', look.label),
    who: nameLink(visit),
    meta: visit.card
      ? icon('credit-card', 'meta size-3.5', words.card)
      : icon('credit-card-x', 'meta size-3.5', words.noCard),
    ask: visit.ask && arrived(visit),
  });
  htmx.process(node);
  return node;
}

/** What is being booked in the drawer: an open ring. */
const draftCard = (draft) =>
  shape(draft, 'draft', 'booked', {
    mark: icon('circle-dashed', 'mark size-3.5'),
    who: element('span', 'who', words.draft),
    meta: icon('credit-card-x', 'meta size-3.5', words.noCard),
  });

/** Missed or cancelled: behind the book, not to be reached here; the lists have it. */
const ghost = ({ name, look }) =>
  element('div', `ghost st-${look.tone}`, icon(look.icon, 'size-3.5', look.label), element('span', '', name));

const pause = () => element('div', 'blk', icon('coffee', 'size-3.5'), element('span', 'truncate', words.break));

const kept = ({ why }) => element('div', 'blk', icon('ban', 'size-3.5'), element('span', 'truncate', why || words.blocked));

/** While it is dragged, a card says where it would be. */
function whereItIs(event) {
  const { visit } = event.extendedProps;
  const start = minutesOf(event.start);
  return start === visit.start ? visit : { ...visit, start, end: start + visit.end - visit.start };
}

export function eventContent({ event }) {
  const { block, draft, isBreak } = event.extendedProps;
  if (draft) return { domNodes: [draftCard(draft)] };
  if (isBreak) return { domNodes: [pause()] };
  if (block) return { domNodes: [kept(block)] };
  if (!event.extendedProps.visit) return '';
  const visit = whereItIs(event);
  return { domNodes: [event.display === 'background' ? ghost(visit) : visitCard(visit)] };
}

const hours = (minutes) => String(Math.round(minutes / 6) / 10);

/** "NP · 6 of 7 h booked"; the first column alone has room for the last word. */
function sub({ id, title, open }, index) {
  const booked = drawn().filter(({ provider }) => provider === id);
  const minutes = booked.reduce((sum, { start, end }) => sum + end - start, 0);
  const pattern = index ? words.bookedShorter : words.booked;
  const said = open || minutes ? pattern.replace('{hours}', hours(minutes)).replace('{all}', hours(open)) : words.off;
  return [title, said].filter(Boolean).join(' · ');
}

export function resourceLabelContent({ resource }) {
  const index = book.columns.findIndex(({ id }) => id === resource.id);
  const column = book.columns[index];
  const face = element('span', 'av size-8 text-2xs', column.initials);
  face.ariaHidden = 'true';
  const names = element(
    'span',
    'min-w-0 flex-1',
    element('span', 'block truncate text-sm font-semibold', column.name),
    element('span', 'block truncate text-2xs text-muted tnum', sub(column, index)),
  );
  return { domNodes: [element('span', 'flex items-center gap-2 w-full p-2 text-start', face, names)] };
}

const weekday = new Intl.DateTimeFormat(lang, { weekday: 'short' });

/** The head of a day of the week; the date is the browser's own for that calendar day. */
export function dayHeaderFormat(date) {
  const head = element('span', 'dayh', element('span', '', weekday.format(date)), element('b', 'tnum', String(date.getDate())));
  const [year, month, day] = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0'));
  if (todayThere() === `${year}-${month}-${day}`) head.ariaCurrent = 'date';
  return { domNodes: [head] };
}
