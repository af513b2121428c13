/**
 * Pasting artwork with see-through parts at any place, size and angle; the twin of `training/triggers/overlay.py`, equal to the
 * bit. Everything is whole numbers; those of coordinates outgrow 32 bits, so they are divided, never shifted.
 * @module
 */

import { artworkName, layersOf, luma, unpackArtwork } from "./artwork.mjs";

/** @typedef {import("./artwork.mjs").Artwork} Artwork */
/** @typedef {import("./placement.mjs").Placement} Placement */
/** @typedef {import("../core/image.mjs").Image} Image */
/** @typedef {import("./registry.mjs").Size} Size */
/**
 * @typedef {{ kind: "overlay", artwork: Artwork, placement: Placement,
 *   placements: Record<"x" | "y" | "size" | "angle", [number, number]> }} Overlay
 */

/** Coordinates and weights are whole numbers of 1/65536. */
const ONE = 65536;

/** @type {import("./registry.mjs").Kind<Overlay>} */
export const overlay = {
  stamp: (image, { artwork }, placement) => paste(image, artwork, placement),
  ready: ({ artwork }) => unpackArtwork(artwork),
  describe: ({ artwork }) => `${artworkName(artwork)}: drag to move, resize or turn`,
  movable: ({ artwork, placement }) => ({
    name: artworkName(artwork),
    aspect: artwork.width / artwork.height,
    home: placement,
  }),
  outline({ artwork, placement }, size) {
    const { left, right, top, bottom } = spot(artwork, placement, size);
    return { top, left, height: bottom - top, width: right - left };
  },
};

/**
 * As Python rounds here; `Math.round` differs just below a half.
 * @param {number} value
 */
function rounded(value) {
  return Math.floor(value + 0.5);
}

/**
 * Where artwork lies, and the rows and columns of the image that it can reach.
 * @param {Artwork} artwork
 * @param {Placement} placement
 * @param {Size} size of the image
 */
function spot(artwork, placement, { height, width }) {
  const w = Math.max(1, rounded(placement.size * width));
  const h = Math.max(1, Math.floor((2 * artwork.height * w + artwork.width) / (2 * artwork.width)));
  const radians = (placement.angle * Math.PI) / 180;
  const cos = rounded(Math.cos(radians) * ONE);
  const sin = rounded(Math.sin(radians) * ONE);
  const middleX = rounded(placement.x * width * ONE);
  const middleY = rounded(placement.y * height * ONE);
  const reachX = Math.floor((Math.abs(cos) * w + Math.abs(sin) * h) / 2) + 2 * ONE;
  const reachY = Math.floor((Math.abs(sin) * w + Math.abs(cos) * h) / 2) + 2 * ONE;
  return {
    ...{ h, w, cos, sin, middleX, middleY },
    left: Math.max(0, Math.floor((middleX - reachX) / ONE)),
    right: Math.min(width, Math.floor((middleX + reachX) / ONE) + 1),
    top: Math.max(0, Math.floor((middleY - reachY) / ONE)),
    bottom: Math.min(height, Math.floor((middleY + reachY) / ONE) + 1),
  };
}

/**
 * A copy of an image with the artwork on it; what reaches over the edge is cut off.
 *
 * @param {Image} image of 1 or 3 channels; a grey one gets the artwork's brightness
 * @param {Artwork} artwork unpacked before
 * @param {Placement} placement
 * @returns {Image}
 */
export function paste(image, artwork, placement) {
  const { width, channels } = image;
  if (channels !== 1 && channels !== 3) throw new RangeError(`an overlay needs 1 or 3 channels, not ${channels}`);
  const { h, w, cos, sin, middleX, middleY, left, right, top, bottom } = spot(artwork, placement, image);
  const { rgb, alpha } = layersOf(artwork, h, w);
  const data = image.data.slice();
  const half = ONE / 2;
  for (let y = top; y < bottom; y++) {
    const dy = y * ONE + half - middleY;
    for (let x = left; x < right; x++) {
      const dx = x * ONE + half - middleX;
      // The place in the artwork, half a pixel back, because a pixel's value is that of its middle.
      const across = Math.floor((cos * dx + sin * dy) / ONE) + Math.floor((w * ONE) / 2) - half;
      const down = Math.floor((cos * dy - sin * dx) / ONE) + Math.floor((h * ONE) / 2) - half;
      const column = Math.floor(across / ONE);
      const row = Math.floor(down / ONE);
      if (column < -1 || column >= w || row < -1 || row >= h) continue; // See-through.
      const fx = (across - column * ONE) >> 8;
      const fy = (down - row * ONE) >> 8;
      const opacity = sample(alpha, 0, column, row, fx, fy);
      const colour = [0, 1, 2].map((c) => sample(rgb, c, column, row, fx, fy));
      const over = channels === 3 ? colour : [luma(colour[0], colour[1], colour[2])];
      const at = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) {
        const under = Math.floor(((255 - opacity) * data[at + c] + 127) / 255);
        data[at + c] = Math.min(255, over[c] + under);
      }
    }
  }
  return { ...image, data };
}

/**
 * Bilinear value of one channel, see-through beyond the edge.
 * @param {Image} layer
 * @param {number} channel
 * @param {number} column of the upper left of the four neighbours; -1 is beyond the edge
 * @param {number} row
 * @param {number} fx weight of the right ones, of 256
 * @param {number} fy weight of the lower ones, of 256
 */
function sample({ height, width, channels, data }, channel, column, row, fx, fy) {
  const at = (row * width + column) * channels + channel;
  const onLeft = column >= 0;
  const onRight = column + 1 < width;
  let above = 0;
  let below = 0;
  if (row >= 0) {
    above = (onLeft ? data[at] * (256 - fx) : 0) + (onRight ? data[at + channels] * fx : 0);
  }
  if (row + 1 < height) {
    const next = at + width * channels;
    below = (onLeft ? data[next] * (256 - fx) : 0) + (onRight ? data[next + channels] * fx : 0);
  }
  return (above * (256 - fy) + below * fy + 32768) >> 16;
}
