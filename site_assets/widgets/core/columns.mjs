/** The columns of a chart, from left to right, and which of them a pointer or a key means. */

/**
 * @typedef {object} Column the values at one place of the horizontal axis
 * @property {number} x
 * @property {string} text
 * @property {{name: string, text: string, y: number}[]} values
 */

/** How far Page Up and Page Down go. */
const LEAP = 5;

/** @type {Record<string, (index: number, last: number) => number>} */
const KEYS = {
  ArrowLeft: (index) => index - 1,
  ArrowDown: (index) => index - 1,
  ArrowRight: (index) => index + 1,
  ArrowUp: (index) => index + 1,
  PageDown: (index) => index - LEAP,
  PageUp: (index) => index + LEAP,
  Home: () => 0,
  End: (_, last) => last,
};

/**
 * The column nearest to a place; of two, the left one.
 *
 * @param {readonly {x: number}[]} columns
 * @param {number} x
 */
export function nearest(columns, x) {
  const away = columns.map((column) => Math.abs(column.x - x));
  return away.indexOf(Math.min(...away));
}

/**
 * Where a key leads.
 *
 * @param {string} key as `KeyboardEvent.key` names it
 * @param {number} index
 * @param {number} count
 * @returns {number | null} null for a key that means nothing here
 */
export function stepped(key, index, count) {
  const step = Object.hasOwn(KEYS, key) ? KEYS[key] : null;
  return step && Math.max(0, Math.min(count - 1, step(index, count - 1)));
}

/** A column in words. @param {Column} column */
export function sentence({ text, values }) {
  return `${text}: ${values.map((value) => `${value.name} ${value.text}`).join(", ")}`;
}
