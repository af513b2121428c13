/** Custom elements, fetched when the page has one. */

/** @typedef {(first: Element) => Promise<unknown>} Load imports the module that defines an element, given the first of them */

/** @type {Map<string, Load>} */
const waiting = new Map();
/** @type {MutationObserver | null} */
let observer = null;

/**
 * @param {Record<string, Load>} elements by tag
 */
export function defineOnSight(elements) {
  for (const [tag, load] of Object.entries(elements)) waiting.set(tag, load);
  observer ??= new MutationObserver(look);
  observer.observe(document, { childList: true, subtree: true });
  look();
}

function look() {
  for (const [tag, load] of waiting) {
    const first = document.querySelector(tag);
    if (!first) continue;
    waiting.delete(tag);
    // The server's HTML stays until the next change of the page, which tries again.
    load(first).catch(() => waiting.set(tag, load));
  }
  if (waiting.size === 0) observer?.disconnect();
}
