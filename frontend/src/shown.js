// The appointment that the address names, as in #id, is brought into view and has the focus.

/** Its link within that part of the page; null where none is asked for, or it is not there. */
export function showNamed(part) {
  const name = CSS.escape(location.hash.slice(1));
  const links = name ? [...part.querySelectorAll(`.who[href="/appointments/${name}/"]`)] : [];
  const link = links.find((each) => each.checkVisibility()) ?? null;
  link?.scrollIntoView({ block: 'center', inline: 'nearest' });
  link?.focus({ preventScroll: true });
  return link;
}
