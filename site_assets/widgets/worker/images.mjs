/** Decoded images; the newest few stay in the worker, so that the trigger's switch does not decode a photo again. */

import { WHITE } from "../core/card.mjs";
import { decodeImage, refuseHuge } from "../core/decode.mjs";

/** @typedef {import("../core/image.mjs").Image} Image */
/**
 * @typedef {{kind: "file", token: string, blob: Blob} | {kind: "pixels", image: Image}} ImageSource
 *   a file has a token that no other file of the page has
 */

const KEPT = 2;
/** By the file's token and the background. @type {Map<string, Image>} */
const kept = new Map();

/**
 * @param {ImageSource} source
 * @param {number} maxPixels
 * @param {readonly number[]} [background] behind transparent parts
 * @returns {Promise<Image>} RGB, upright
 * @throws {import("../core/messages.mjs").WidgetError} what `decodeImage` throws
 */
export async function decoded(source, maxPixels, background = WHITE) {
  if (source.kind === "pixels") return source.image;
  const key = `${source.token} ${background}`;
  const known = kept.get(key);
  if (known) {
    refuseHuge(known, maxPixels); // Another network may have allowed more.
    return known;
  }
  const image = await decodeImage(source.blob, { maxPixels, background });
  kept.set(key, image);
  for (const old of [...kept.keys()].slice(0, -KEPT)) kept.delete(old);
  return image;
}
