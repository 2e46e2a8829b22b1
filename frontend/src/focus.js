// Where the focus goes back to when a dialog or the drawer closes.

const names = ['id', 'href', 'hx-get', 'hx-post'];

/** Remembers what has the focus; the answer gives it back, also to the same thing drawn anew meanwhile, or drawn elsewhere. */
export function rememberFocus() {
  const from = document.activeElement;
  const again = names.filter((name) => from.hasAttribute(name)).map((name) => `[${name}="${CSS.escape(from.getAttribute(name))}"]`);

  return () => {
    const twins = again.flatMap((selector) => [...document.querySelectorAll(selector)]);
    const to = from.isConnected ? from : twins.find((each) => each.checkVisibility());
    (to ?? document.getElementById('main')).focus({ preventScroll: true });
  };
}
