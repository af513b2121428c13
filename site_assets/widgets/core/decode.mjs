/**
 * From an image's file to RGB pixels on white, exactly as Pillow decodes it. Runs in the worker.
 *
 * `colorSpaceConversion: 'none'` ignores ICC profiles and gamma as Pillow does, `premultiplyAlpha: 'none'` keeps WebP's
 * colours unrounded until they are laid on the background, the canvas is kept on the CPU
 * (`willReadFrequently`) because the GPU rounds differently, and EXIF orientation is applied by the browser.
 */

import * as bmp from "./bmp.mjs";
import { HEADER_BYTES, readDimensions } from "./dimensions.mjs";
import * as gif from "./gif.mjs";
import { dropAlpha } from "./image.mjs";
import { WidgetError } from "./messages.mjs";

/** @typedef {import("./image.mjs").Image} Image */

/** The most that an image's file may hold: as `IMAGE_BYTES` in `training/core/reading.py`. */
export const IMAGE_BYTES = 256 * 2 ** 20;

/**
 * @param {Blob} blob
 * @param {{maxPixels: number, background?: readonly number[]}} options
 * @returns {Promise<Image>}
 * @throws {WidgetError} undecodable, ambiguous or huge
 */
export async function decodeImage(blob, { maxPixels, background = [255, 255, 255] }) {
  const what = blob instanceof File ? blob.name : undefined;
  if (blob.size > IMAGE_BYTES) throw new WidgetError("huge", { found: `${blob.size} bytes`, limit: IMAGE_BYTES });
  const header = await blob.slice(0, HEADER_BYTES).arrayBuffer();
  refuseHuge(readDimensions(header), maxPixels);
  refuseAmbiguous(new DataView(header), what);
  /** @type {ImageBitmap} */
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch (error) {
    throw new WidgetError("undecodable", { what }, { cause: error });
  }
  try {
    refuseHuge(bitmap, maxPixels);
    const image = compositePixels(bitmap, background);
    bmp.evenOut(image, new DataView(header));
    return image;
  } catch (error) {
    throw error instanceof WidgetError ? error : new WidgetError("undecodable", { what }, { cause: error });
  } finally {
    bitmap.close();
  }
}

/**
 * @param {{width: number, height: number} | null} size
 * @param {number} limit of pixels
 * @throws {WidgetError} huge
 */
export function refuseHuge(size, limit) {
  if (!size || size.width * size.height <= limit) return;
  throw new WidgetError("huge", { found: `${size.width} × ${size.height} pixels`, limit });
}

/**
 * @param {DataView} view the beginning of a file
 * @param {string | undefined} what the file's name
 * @throws {WidgetError} ambiguous
 */
function refuseAmbiguous(view, what) {
  for (const { ambiguity } of [bmp, gif]) {
    try {
      const found = ambiguity(view);
      if (found) throw new WidgetError("ambiguous", { what, found });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // The header ends early: the decoder refuses the file.
    }
  }
}

/**
 * @param {ImageBitmap} bitmap
 * @param {readonly number[]} background
 * @returns {Image}
 */
function compositePixels(bitmap, background) {
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no 2D canvas");
  context.fillStyle = `rgb(${background.join(" ")})`;
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  return { height, width, channels: 3, data: dropAlpha(context.getImageData(0, 0, width, height).data) };
}
