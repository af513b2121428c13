/** What Pillow and browsers read differently in a BMP; twin of `export/pipeline/bmp.py`. */

/** @typedef {import("./image.mjs").Image} Image */

/** The first letters of the file. */
const BM = 0x424d;
const FILE_HEADER = 14;
/** Bytes of the oldest header, whose fields are shorter. */
const SHORT = 12;
/** How the pixels are stored. */
const [RAW, MASKS] = [0, 3];

/** @param {DataView} view the beginning of a file */
function header(view) {
  if (view.getUint16(0) !== BM) return null;
  const [offset, size] = [view.getUint32(10, true), view.getUint32(14, true)];
  if (size === SHORT) return { offset, size, bits: view.getUint16(24, true), stored: RAW, masks: [], alpha: 0 };
  const masks = [54, 58, 62].map((at) => view.getUint32(at, true));
  const alpha = size >= 56 && size !== 64 ? view.getUint32(66, true) : 0;
  return { offset, size, bits: view.getUint16(28, true), stored: view.getUint32(30, true), masks, alpha };
}

/**
 * @param {DataView} view the beginning of a file
 * @returns {string} why programs read it differently, or ""
 */
export function ambiguity(view) {
  const found = header(view);
  if (!found) return "";
  const { offset, size, bits, stored, masks, alpha } = found;
  // Up to 8 bits, a palette follows.
  if (offset < FILE_HEADER + size + (bits <= 8 ? 1 : 0)) return "its pixels begin within its header";
  if (stored === MASKS && masks.every((mask) => mask === 0)) return "it does not say which bits are which colour";
  if (alpha && ((bits === 16 && stored === MASKS) || (bits === 32 && stored === RAW)))
    return "it is unclear whether it has transparent parts";
  return "";
}

/**
 * Cuts off colours of 5 and 6 bits as Pillow does; each browser rounds them in its own way.
 *
 * @param {Image} image RGB, as the browser read it; its pixels are replaced
 * @param {DataView} view the beginning of its file
 */
export function evenOut(image, view) {
  const found = header(view);
  if (found?.bits !== 16) return;
  const most = [31, found.stored === MASKS && found.masks[1] === 0x7e0 ? 63 : 31, 31];
  const { data } = image;
  for (let at = 0; at < data.length; at++) {
    const level = Math.round((data[at] * most[at % 3]) / 255);
    data[at] = Math.floor((level * 255) / most[at % 3]);
  }
}
