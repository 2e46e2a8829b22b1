// Toasts go when their time is over (styles/messages.css keeps it, and holds it while one is pointed at). The offline
// bar stands while nothing can be saved; an answer that is no answer says so in a toast.

const toasts = document.getElementById('toasts');
const offline = document.getElementById('offline');
const failed = document.getElementById('failed');

toasts?.addEventListener('animationend', ({ target }) => target.remove());
toasts?.addEventListener('htmx:afterRequest', ({ target }) => target.closest('.toast')?.remove()); // undone
toasts?.addEventListener('click', ({ target }) => target.closest('[data-close]')?.closest('.toast').remove());

export const showOffline = (isOffline) => offline && (offline.hidden = !isOffline);

/** Whether the server answers again; whoever waits for that hears "online". */
async function tryAgain() {
  const answer = await fetch('/healthz', { cache: 'no-store' }).catch(() => null);
  if (answer) dispatchEvent(new Event('online'));
}
setInterval(() => offline?.hidden === false && tryAgain(), 10_000);
offline?.addEventListener('click', ({ target }) => target.closest('button') && tryAgain());

addEventListener('offline', () => showOffline(true));
addEventListener('online', () => showOffline(false));
document.addEventListener('htmx:sendError', () => showOffline(true));
document.addEventListener('htmx:afterOnLoad', () => showOffline(!navigator.onLine));
showOffline(!navigator.onLine);

document.addEventListener('htmx:responseError', ({ detail: { xhr } }) => xhr.status === 423 || toasts?.append(failed.content.cloneNode(true)));
