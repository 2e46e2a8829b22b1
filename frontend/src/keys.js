// Single keys, read from the markup: data-keys="g n" on a link is pressed by G then N, on a field it focuses the field.
// Off while typing, in menus and dialogs, and for whoever switched them off (WCAG 2.1.4).

const off = 'kept.keys';
const takesKeys = 'input, select, textarea, [contenteditable], [role="menu"], dialog';
let before = ''; // the first key of two
let forget;

document.addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (target.closest(takesKeys) || document.querySelector('dialog[open]') || localStorage.getItem(off)) return;

  const keys = CSS.escape(before + key.toLowerCase());
  const elements = [...document.querySelectorAll(`[data-keys="${keys}"]`)];
  const element = elements.find((each) => each.matches('a') || each.checkVisibility()); // a link in a closed menu works
  clearTimeout(forget);
  before = '';
  if (element) {
    event.preventDefault();
    if (element.matches('input')) element.focus();
    else element.click();
  } else if (document.querySelector(`[data-keys^="${keys} "]`)) {
    before = `${key.toLowerCase()} `;
    forget = setTimeout(() => (before = ''), 1000);
  }
});

for (const box of document.querySelectorAll('[data-keys-switch]')) {
  box.closest('[hidden]').hidden = false;
  box.checked = !localStorage.getItem(off);
  box.addEventListener('change', () => (box.checked ? localStorage.removeItem(off) : localStorage.setItem(off, 'off')));
}
