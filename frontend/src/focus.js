// Where the focus goes back to when a dialog or the drawer closes.

const names = ['id', 'href', 'hx-get', 'hx-post'];

/** Remembers what has the focus; the answer gives it back, also to the same thing drawn anew meanwhile. */
export function rememberFocus() {
  const from = document.activeElement;
  const name = names.find((each) => from.hasAttribute(each));
  const again = name && `[${name}="${CSS.escape(from.getAttribute(name))}"]`;

  return () => {
    const twins = again ? [...document.querySelectorAll(again)] : [];
    const to = from.isConnected ? from : twins.find((each) => each.checkVisibility());
    (to ?? document.getElementById('main')).focus({ preventScroll: true });
  };
}
