/** What Pillow and browsers read differently in a GIF; twin of `export/pipeline/gif.py`. */

/** The first letters of the file. */
const GIF8 = 0x47494638;
const SCREEN_END = 13;
const HAS_PALETTE = 0x80;
const [EXTENSION, FRAME] = ["!", ","].map((letter) => letter.charCodeAt(0));

/**
 * @param {DataView} view the beginning of a file
 * @returns {string} why programs read it differently, or ""
 */
export function ambiguity(view) {
  if (view.getUint32(0) !== GIF8 || view.getUint8(10) & HAS_PALETTE) return "";
  let at = SCREEN_END;
  while (view.getUint8(at) === EXTENSION) {
    at += 2;
    while (view.getUint8(at)) at += 1 + view.getUint8(at);
    at += 1;
  }
  return view.getUint8(at) === FRAME && !(view.getUint8(at + 9) & HAS_PALETTE) ? "it has no palette" : "";
}
