/** An image as the whole toolkit passes it on, and its pixels with and without an alpha channel. */

/**
 * @typedef {object} Image
 * @property {number} height
 * @property {number} width
 * @property {number} channels 1 (grey) or 3 (RGB)
 * @property {Uint8Array} data row by row, channels last
 */

/**
 * @param {ArrayLike<number>} rgba
 * @returns {Uint8Array} RGB
 */
export function dropAlpha(rgba) {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from];
    rgb[to + 1] = rgba[from + 1];
    rgb[to + 2] = rgba[from + 2];
  }
  return rgb;
}

/**
 * Opaque RGBA, as a canvas takes it.
 *
 * @param {Uint8Array} data one (grey) or three values a pixel
 * @param {number} channels
 * @returns {Uint8ClampedArray<ArrayBuffer>}
 */
export function addAlpha(data, channels) {
  const rgba = new Uint8ClampedArray((data.length / channels) * 4).fill(255);
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  for (let from = 0, to = 0; from < data.length; from += channels, to += 4) {
    rgba[to] = data[from];
    rgba[to + 1] = data[from + green];
    rgba[to + 2] = data[from + blue];
  }
  return rgba;
}
