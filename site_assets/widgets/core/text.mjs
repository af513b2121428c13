/** Text of other people's files, safe to show: the twin of `printable` in `training/core/text.py`. */

/** Control, formatting (bidirectional marks among them), surrogate, private and unassigned code points, and separators of
 * lines and paragraphs; not the joiners that Persian and emoji need. */
const UNSAFE = /(?![\u200c\u200d])[\p{C}\p{Zl}\p{Zp}]/gu;
/** @type {Record<string, string>} */
const SHORT = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/**
 * The text with each unsafe character written as an escape, such as `\x1b` or `\u202e`.
 *
 * @param {string} text
 */
export function printable(text) {
  return text.replace(UNSAFE, (letter) => SHORT[letter] ?? escaped(letter.codePointAt(0) ?? 0));
}

/** @param {number} code */
function escaped(code) {
  const [prefix, digits] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
  return `\\${prefix}${code.toString(16).padStart(/** @type {number} */ (digits), "0")}`;
}
