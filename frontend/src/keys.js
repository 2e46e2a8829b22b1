// Single keys, read from the markup: data-keys="g n" on a link is pressed by G then N, on a field it focuses the field.
// Off while typing, in menus and dialogs, and for whoever switched them off.
import { keysAreOff } from './keys-off.js';

const takesKeys = 'input, select, textarea, [contenteditable], [role="menu"]';
let before = ''; // the first key of two
let forget;

document.addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (target.closest(takesKeys) || document.querySelector('dialog[open]') || keysAreOff()) return;

  const keys = CSS.escape(before + key.toLowerCase());
  const elements = [...document.querySelectorAll(`[data-keys="${keys}"]`)];
  const element = elements.find((each) => each.matches('a, .pop-item') || each.checkVisibility()); // in a closed menu too
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
