// What the page hands to the calendar: its place, with the words on it, and the data island. kept/desk/calendar/grid.py writes the feed.

export const host = document.getElementById('calendar');
export const words = host.dataset;
export const lang = document.documentElement.lang;
export const book = JSON.parse(document.getElementById('calendar-data').textContent);

const [CARD, ASK, OVER, MOVES] = [1, 2, 4, 8];

/** An id as addresses have it, of the 22 letters that the feed says it in. */
function whole(letters) {
  const bytes = atob(letters.replaceAll('-', '+').replaceAll('_', '/'));
  const hex = [...bytes].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Blocked time of a feed, by name. */
export function blocks({ providers, blocks: rows }) {
  return rows.map(([letters, provider, start, minutes, why]) => ({
    id: whole(letters),
    provider: providers[provider],
    start,
    end: start + minutes,
    why,
  }));
}

/** The visits of a feed, by name. `start` and `end` are minutes from the midnight on which the grid begins. */
export function visits({ providers, services, visits: rows }) {
  return rows.map(([letters, provider, start, minutes, look, flags, service, name]) => {
    const id = whole(letters);
    return {
      id,
      provider: providers[provider],
      start,
      end: start + minutes,
      look: book.looks[look],
      card: Boolean(flags & CARD),
      ask: Boolean(flags & ASK),
      over: Boolean(flags & OVER),
      moves: Boolean(flags & MOVES),
      service: services[service],
      name,
      url: `${book.base_url}${id}/`,
    };
  });
}
