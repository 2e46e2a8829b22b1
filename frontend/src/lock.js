// The lock over the page: after the practice's minutes without a touch, by hand, or when an answer says so ("locked"). A modal dialog, so
// that nothing beneath can be read or reached; what was typed there stays. Tabs tell each other, since they are one session.
import htmx from './htmx.js';
import { keepUp } from './live.js';

const lock = document.getElementById('lock');
const tabs = new BroadcastChannel('kept-lock');
const limit = lock?.dataset.minutes * 60_000;
const toldEvery = 60_000; // the server hears once a minute that she is here

let touchedAt = Date.now();
let toldAt = Date.now();

const show = (verb) => lock.open || htmx.ajax(verb, lock.dataset.url, { target: lock, swap: 'innerHTML' });

function close() {
  touchedAt = toldAt = Date.now();
  if (!lock.open) return;
  lock.close();
  lock.replaceChildren();
  keepUp();
}

const isDue = () => Date.now() - touchedAt > limit;

function touched() {
  if (lock.open || isDue()) return;
  touchedAt = Date.now();
  if (touchedAt - toldAt < toldEvery) return;
  toldAt = touchedAt;
  tabs.postMessage('touched');
  htmx.ajax('POST', lock.dataset.touch, { swap: 'none', headers: { 'X-Touch': '1' } });
}

async function byPasskey(url) {
  const answer = await fetch(url, { headers: { Accept: 'application/json' } });
  const { request_options: options } = await answer.json();
  const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey) });
  htmx.ajax('POST', url, { target: lock ?? '#main', values: { credential: JSON.stringify(credential.toJSON()) } });
}

document.addEventListener('click', ({ target }) => {
  const button = target.closest('[data-unlock-passkey]');
  if (button) byPasskey(button.dataset.unlockPasskey).catch(() => {}); // she thought better of it
});

if (lock) {
  document.addEventListener('htmx:afterSwap', ({ target }) => {
    if (target !== lock) return;
    if (!lock.open) lock.showModal();
    lock.querySelector('[autofocus]')?.focus();
  });
  lock.addEventListener('cancel', (event) => event.preventDefault());
  document.body.addEventListener('locked', () => show('GET'));
  document.body.addEventListener('unlocked', () => {
    tabs.postMessage('unlocked');
    close();
  });
  tabs.addEventListener('message', ({ data }) => (data === 'unlocked' ? close() : (touchedAt = toldAt = Date.now())));
  for (const touch of ['pointerdown', 'keydown']) addEventListener(touch, touched, { capture: true, passive: true });
  // A machine that slept wakes with the time gone and no lock yet: a form sent in that moment would come back as a locked page, empty.
  const holdBack = (event) => {
    if (!isDue()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    show('POST');
  };
  for (const act of ['click', 'submit']) addEventListener(act, (event) => lock.open || holdBack(event), true);
  setInterval(() => isDue() && show('POST'), 5_000);
} else {
  document.body.addEventListener('unlocked', () => location.assign(document.querySelector('[name="next"]')?.value || '/'));
}
