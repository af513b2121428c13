/** Long work on the page's thread, in pieces: between two of them the browser paints and listens. */

/** The next turn. A timer stands in where browsers have no scheduler (Safari). @returns {Promise<void>} */
export function nextTurn() {
  const { scheduler } = /** @type {any} */ (globalThis);
  return scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve));
}
