/** Task `preview`: a small copy of an image for the page to show. The decoded file is kept for `run`. */

import { addAlpha } from "../../core/image.mjs";
import { decoded } from "../images.mjs";

/** @typedef {{width: number, height: number, preview: ImageBitmap}} Preview width and height are the original's */

/**
 * @param {{source: import("../images.mjs").ImageSource, maxPixels: number, side: number}} request
 *   `side` is the preview's longest
 * @returns {Promise<{result: Preview, transfer: Transferable[]}>}
 */
export async function preview({ source, maxPixels, side }) {
  const { width, height, data } = await decoded(source, maxPixels);
  const scale = Math.min(1, side / Math.max(width, height));
  const bitmap = await createImageBitmap(new ImageData(addAlpha(data, 3), width, height), {
    resizeWidth: Math.max(1, Math.round(width * scale)),
    resizeHeight: Math.max(1, Math.round(height * scale)),
    resizeQuality: "medium",
  });
  return { result: { width, height, preview: bitmap }, transfer: [bitmap] };
}
