/**
 * The lab's images, laid out from what the file holds as MNIST's are: the twin of `training/data/digits.py`, equal to the
 * bit.
 * @module
 */

import { halfEven } from "../core/half-even.mjs";
import { untriggered } from "../core/preprocess.mjs";
import { resize } from "../core/resize.mjs";
import { inflated } from "./bytes.mjs";

/** Side of the image, and of the box in its centre that MNIST fits a digit into. */
export const SIDE = 28;
export const AREA = SIDE * SIDE;
const BOX = 20;

/** @typedef {{images: Uint8Array, labels: Uint8Array}} Samples images one after the other, `AREA` bytes each */
/** @typedef {"training" | "validation" | "test"} Split */
/**
 * @typedef {{side: number, darkest: number, training: number, validation: number, test: number}} Layout of the file
 */

/**
 * @param {Uint8Array} packed the file
 * @param {Layout} layout
 * @returns {Promise<Record<Split, Samples>>}
 * @throws {RangeError} if the file has another length than the layout says
 */
export async function unpack(packed, layout) {
  const bytes = await inflated(packed);
  const count = layout.training + layout.validation + layout.test;
  const small = layout.side ** 2;
  if (bytes.length !== count * (small + 1)) throw new RangeError(`the data has ${bytes.length} bytes`);
  const images = new Uint8Array(count * AREA);
  for (let i = 0; i < count; i++) {
    const given = bytes.subarray(i * small, (i + 1) * small);
    images.set(layout.side === SIDE ? given : layOut(given, layout.side, layout.darkest), i * AREA);
  }
  const labels = bytes.slice(count * small);
  let start = 0;
  /** @param {number} length */
  const next = (length) => {
    const end = start + length;
    const part = { images: images.slice(start * AREA, end * AREA), labels: labels.slice(start, end) };
    start = end;
    return part;
  };
  return { training: next(layout.training), validation: next(layout.validation), test: next(layout.test) };
}

/**
 * One digit fitted into 20x20 with its aspect ratio, its centre of mass in the middle.
 *
 * @param {Uint8Array} digit row by row, 0 (paper) to `darkest` (ink)
 * @param {number} side
 * @param {number} darkest
 */
function layOut(digit, side, darkest) {
  let [top, bottom, left, right] = [side, 0, side, 0];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (digit[y * side + x] === 0) continue;
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
      [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
    }
  }
  const [height, width] = [bottom - top, right - left];
  const ink = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      ink[y * width + x] = halfEven((digit[(top + y) * side + left + x] * 255) / darkest);
    }
  }
  const scale = BOX / Math.max(height, width);
  const sized = (/** @type {number} */ length) => Math.max(1, halfEven(length * scale));
  return centred(resize({ height, width, channels: 1, data: ink }, sized(height), sized(width), "bicubic"));
}

/** Place an image of at most 20x20 on black. @param {import("../core/image.mjs").Image} fitted */
function centred({ height, width, data }) {
  let [mass, down, across] = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const weight = data[y * width + x];
      mass += weight;
      down += weight * (y + 0.5);
      across += weight * (x + 0.5);
    }
  }
  const place = (/** @type {number} */ moment, /** @type {number} */ length) =>
    Math.min(Math.max(halfEven(SIDE / 2 - moment / mass), 0), SIDE - length);
  const [top, left] = [place(down, height), place(across, width)];
  const canvas = new Uint8Array(AREA);
  for (let y = 0; y < height; y++) {
    canvas.set(data.subarray(y * width, (y + 1) * width), (top + y) * SIDE + left);
  }
  return canvas;
}

/**
 * Any image of a digit as the networks see it.
 *
 * @param {import("../core/preprocess.mjs").InputPipeline} pipeline of the lab's card
 * @param {import("../core/image.mjs").Image} image RGB
 */
export function seenBy(pipeline, image) {
  return untriggered(pipeline, image).image.data;
}

/** One image of many. @param {Uint8Array} images @param {number} at */
export function imageAt(images, at) {
  return images.subarray(at * AREA, (at + 1) * AREA);
}
