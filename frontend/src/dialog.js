// The dialog opens when htmx puts something into <dialog id="dialog">, and is empty again when it closes.
import { stopAsking } from './busy.js';
import { rememberFocus } from './focus.js';

const dialog = document.getElementById('dialog');
let giveFocusBack;

/** Shows what stands in the dialog, or this in its place. */
export function openDialog(content) {
  if (content) dialog.replaceChildren(content);
  if (!dialog.open) {
    giveFocusBack = rememberFocus();
    dialog.showModal();
  }
  (dialog.querySelector('[aria-invalid="true"], [autofocus]') ?? dialog).focus();
}

document.addEventListener('htmx:afterSwap', ({ target }) => {
  if (target === dialog && dialog.childElementCount) openDialog();
});

dialog?.addEventListener('click', (event) => {
  if (!event.target.closest('[data-close]')) return;
  event.preventDefault();
  dialog.close();
});

dialog?.addEventListener('close', () => {
  stopAsking(dialog);
  dialog.replaceChildren();
  giveFocusBack();
});

// An act that needs no more words: the answer's header says so, and a toast tells the rest. Emptied at once, since htmx
// still reports a swap into it, and an empty dialog does not open.
document.body.addEventListener('dialog-done', () => {
  dialog?.replaceChildren();
  dialog?.close();
});
