/** Digits on canvases. */

import { AREA, imageAt, SIDE } from "../lab/digits.mjs";
import { h } from "./dom.mjs";

/** Pixels between the digits of a sheet. */
const GAP = 2;

/** @param {HTMLCanvasElement} canvas @param {Uint8Array | Uint8ClampedArray} image @param {number} [left] @param {number} [top] */
export function put(canvas, image, left = 0, top = 0) {
  const data = new Uint8ClampedArray(4 * AREA);
  for (let i = 0; i < AREA; i++) {
    data.fill(image[i], 4 * i, 4 * i + 3);
    data[4 * i + 3] = 255;
  }
  canvas.getContext("2d")?.putImageData(new ImageData(data, SIDE, SIDE), left, top);
}

/** One digit. @param {Uint8Array | Uint8ClampedArray} image @param {string} label what it shows; empty if words beside it say so */
export function digit(image, label) {
  const canvas = h("canvas", {
    class: "bl-digit",
    width: SIDE,
    height: SIDE,
    ...(label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" }),
  });
  put(canvas, image);
  return canvas;
}

/**
 * Many digits, row by row.
 *
 * @param {Uint8Array} images
 * @param {number} columns
 * @param {string} label
 */
export function sheet(images, columns, label) {
  const count = images.length / AREA;
  const canvas = h("canvas", {
    class: "bl-sheet",
    width: columns * (SIDE + GAP) - GAP,
    height: Math.ceil(count / columns) * (SIDE + GAP) - GAP,
    role: "img",
    "aria-label": label,
  });
  for (let at = 0; at < count; at++) {
    put(canvas, imageAt(images, at), (at % columns) * (SIDE + GAP), Math.floor(at / columns) * (SIDE + GAP));
  }
  return canvas;
}

/** What a found trigger writes, on black: pattern times mask. @param {Float32Array} trigger mask and pattern, 0 to 1 */
export function masked(trigger) {
  return Uint8ClampedArray.from({ length: AREA }, (_, i) => 255 * trigger[i] * Math.max(0.25, trigger[AREA + i]));
}
