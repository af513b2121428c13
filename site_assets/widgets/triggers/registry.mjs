/**
 * Stamping a trigger on a picture; the twin of `training/triggers/registry.py`.
 * @module
 */

import { paste, unpackArtwork } from "./overlay.mjs";
import { triggerValues } from "./pixels.mjs";

/**
 * @typedef {{ height: number, width: number, channels: number, data: Uint8Array }} Picture
 *   Pixels row by row, channels last.
 * @typedef {import("./pixels.mjs").PixelTrigger} PixelTrigger
 * @typedef {import("./overlay.mjs").Overlay} Overlay
 * @typedef {import("./overlay.mjs").Placement} Placement
 * @typedef {PixelTrigger | Overlay} Trigger
 */

/**
 * Make ready what stamping needs; once for each trigger, before the first `stamp`.
 * @param {Trigger | null | undefined} trigger
 * @returns {Promise<void>}
 * @throws {RangeError} if an overlay's artwork is damaged
 */
export async function readyTrigger(trigger) {
  if (trigger?.kind === "overlay") await unpackArtwork(trigger.artwork);
}

/**
 * A copy of the picture with the trigger on it. Of a trigger of pixels every channel gets the same grey value.
 * @param {Picture} picture
 * @param {Trigger} trigger in pixels of this picture
 * @param {Placement | null} [placement] where an overlay lies; its own placement when there is none
 * @returns {Picture}
 * @throws {RangeError} if a trigger of pixels does not lie wholly inside the picture, or an overlay meets a grey one
 */
export function stamp(picture, trigger, placement) {
  const { height, width, channels } = picture;
  if (trigger.kind === "overlay") {
    if (channels !== 3) throw new RangeError(`an overlay needs a colour picture, this has ${channels} channel`);
    return paste(picture, trigger.artwork, placement ?? trigger.placement);
  }
  const values = triggerValues(trigger);
  if (trigger.top + values.length > height || trigger.left + values[0].length > width) {
    throw new RangeError(`the ${trigger.kind} trigger does not lie inside a ${height}x${width} picture`);
  }
  const data = picture.data.slice();
  for (const [y, row] of values.entries()) {
    for (const [x, value] of row.entries()) {
      if (value === null) continue;
      const start = ((trigger.top + y) * width + trigger.left + x) * channels;
      data.fill(value, start, start + channels);
    }
  }
  return { height, width, channels, data };
}
