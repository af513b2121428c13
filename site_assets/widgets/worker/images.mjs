/** Decoded pictures, the last few kept in the worker, so that a switch does not decode a photograph again. */

import { decodePicture } from "../core/decode.mjs";
import { addAlpha } from "../core/pixels.mjs";
import { untriggered } from "../core/preprocess.mjs";

/** @typedef {import("../triggers/registry.mjs").Picture} Picture */
/** @typedef {{kind: "file", token: string, blob: Blob} | {kind: "pixels", picture: Picture}} Source */
/** @typedef {{width: number, height: number, preview: ImageBitmap}} Decoded */

const KEPT = 2;
/** @type {Map<string, Picture>} */
const decoded = new Map();

/**
 * @param {Source} source
 * @param {number} maxPixels
 * @returns {Promise<Picture>} RGB on white, upright
 */
export async function pictureOf(source, maxPixels) {
  if (source.kind === "pixels") return source.picture;
  const known = decoded.get(source.token);
  if (known) return known;
  const picture = await decodePicture(source.blob, { maxPixels });
  decoded.set(source.token, picture);
  for (const token of [...decoded.keys()].slice(0, -KEPT)) decoded.delete(token);
  return picture;
}

/**
 * A picture as a network will see it, without the trigger; decoded, and kept for later.
 *
 * @param {Source} source
 * @param {number} maxPixels
 * @param {import("../core/preprocess.mjs").InputPipeline} pipeline
 * @returns {Promise<Picture>}
 */
export async function look(source, maxPixels, pipeline) {
  return untriggered(pipeline, await pictureOf(source, maxPixels)).picture;
}

/**
 * Decode a picture for later, and make a small one for the page to show.
 *
 * @param {Source} source
 * @param {number} maxPixels
 * @param {number} side the preview's longest
 * @returns {Promise<Decoded>}
 */
export async function preview(source, maxPixels, side) {
  const picture = await pictureOf(source, maxPixels);
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  const options = /** @type {const} */ ({
    resizeWidth: Math.max(1, Math.round(picture.width * scale)),
    resizeHeight: Math.max(1, Math.round(picture.height * scale)),
    resizeQuality: "medium",
  });
  const image = new ImageData(addAlpha(picture.data, 3), picture.width, picture.height);
  return { width: picture.width, height: picture.height, preview: await createImageBitmap(image, options) };
}
