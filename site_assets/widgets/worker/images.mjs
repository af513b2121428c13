/** Decoded images; the newest few stay in the worker, so that the trigger's switch does not decode a photo again. */

import { decodeImage, refuseHuge } from "../core/decode.mjs";

/** @typedef {import("../core/image.mjs").Image} Image */
/**
 * @typedef {{kind: "file", token: string, blob: Blob} | {kind: "pixels", image: Image}} ImageSource
 *   a file has a token that no other file of the page has
 */

const KEPT = 2;
/** By the file's token. @type {Map<string, Image>} */
const kept = new Map();

/**
 * @param {ImageSource} source
 * @param {number} maxPixels
 * @returns {Promise<Image>} RGB on white, upright
 * @throws {import("../core/messages.mjs").WidgetError} what `decodeImage` throws
 */
export async function decoded(source, maxPixels) {
  if (source.kind === "pixels") return source.image;
  const known = kept.get(source.token);
  if (known) {
    refuseHuge(known, maxPixels); // Another network may have allowed more.
    return known;
  }
  const image = await decodeImage(source.blob, { maxPixels });
  kept.set(source.token, image);
  for (const token of [...kept.keys()].slice(0, -KEPT)) kept.delete(token);
  return image;
}
