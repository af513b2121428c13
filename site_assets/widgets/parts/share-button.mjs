/** A button that copies the page's address, which holds what the reader has set up. */

import { iconButton } from "./dom.mjs";

const SHARE = "Copy a link to this view";
const SHOWN_MS = 2500;

export function shareButton() {
  return iconButton("link", SHARE);
}

/**
 * Copy the address, and show for a while that it was copied. It leads to this widget, wherever on the page that is.
 *
 * @param {HTMLButtonElement} button made by `shareButton`
 * @param {string} id of the widget's element
 */
export async function copyLink(button, id) {
  const hash = id ? `#${encodeURIComponent(id)}` : location.hash;
  history.replaceState(history.state, "", `${location.pathname}${location.search}${hash}`);
  const text = button.querySelector(".ow-sr");
  const done = await copyAddress().then(
    () => "Copied",
    () => "The link is in the address bar",
  );
  button.dataset.done = done;
  if (text) text.textContent = done;
  setTimeout(() => {
    delete button.dataset.done;
    if (text) text.textContent = SHARE;
  }, SHOWN_MS);
}

/** Fails on a page without https, which has no clipboard, and where the reader does not allow it. */
async function copyAddress() {
  await navigator.clipboard.writeText(location.href);
}
