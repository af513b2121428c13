/**
 * Pasting artwork with see-through parts at any place, size and angle; the twin of `training/triggers/overlay.py`, equal to the
 * bit. Everything is whole numbers; those of coordinates outgrow 32 bits, so they are divided, never shifted.
 * @module
 */

import { resize } from "../core/resize.mjs";
import { sha256 } from "../core/sha256.mjs";

/** @typedef {{ height: number, width: number, channels: number, data: Uint8Array }} Picture */
/**
 * @typedef {object} Artwork a small picture with transparency, carried along as data
 * @property {string} name
 * @property {number} height
 * @property {number} width
 * @property {string} sha256 of the raw pixels, RGBA
 * @property {string} rgba the raw pixels, deflated (zlib), in base64
 */
/**
 * @typedef {object} Placement where it lies, in shares of the picture
 * @property {number} x the artwork's middle, from the left
 * @property {number} y the same from the top
 * @property {number} size the artwork's width
 * @property {number} angle degrees, clockwise
 */
/**
 * @typedef {{ kind: "overlay", artwork: Artwork, placement: Placement,
 *   placements: Record<"x" | "y" | "size" | "angle", [number, number]> }} Overlay
 */
/** @typedef {{ rgb: Picture, alpha: Picture }} Layers colours multiplied by their alpha, and the alpha */

/** Coordinates and weights are whole numbers of 1/65536. */
const ONE = 65536;
const KEPT = 32;

/** Unpacked artwork, by its SHA-256. @type {Map<string, Layers>} */
const unpacked = new Map();
/** The last sizes used, by SHA-256 and width. @type {Map<string, Layers>} */
const resized = new Map();

/**
 * Unpack an artwork once, so that `paste` can use it.
 *
 * @param {Artwork} artwork
 * @returns {Promise<void>}
 * @throws {RangeError} if its pixels are not those that its size and its hash say
 */
export async function unpackArtwork(artwork) {
  if (unpacked.has(artwork.sha256)) return;
  const { name, height, width } = artwork;
  const rgba = await inflate(artwork.rgba).catch(() => null);
  if (rgba?.length !== height * width * 4 || (await sha256(rgba)) !== artwork.sha256) {
    throw new RangeError(`the artwork “${name}” is damaged`);
  }
  const rgb = new Uint8Array(height * width * 3);
  const alpha = new Uint8Array(height * width);
  for (let i = 0; i < alpha.length; i++) {
    const opacity = rgba[4 * i + 3];
    alpha[i] = opacity;
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = Math.floor((rgba[4 * i + c] * opacity + 127) / 255);
  }
  unpacked.set(artwork.sha256, {
    rgb: { height, width, channels: 3, data: rgb },
    alpha: { height, width, channels: 1, data: alpha },
  });
}

/**
 * As Python has it; `Math.round` differs just below a half.
 * @param {number} value
 */
function rounded(value) {
  return Math.floor(value + 0.5);
}

/** @param {string} base64 */
async function inflate(base64) {
  const packed = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * The artwork at a width in pixels.
 * @param {Artwork} artwork
 * @param {number} width
 * @returns {Layers}
 */
function atWidth(artwork, width) {
  const key = `${artwork.sha256} ${width}`;
  const known = resized.get(key);
  if (known) return known;
  const whole = unpacked.get(artwork.sha256);
  if (!whole) throw new RangeError(`the artwork “${artwork.name}” has not been unpacked`);
  const height = Math.max(1, Math.floor((2 * artwork.height * width + artwork.width) / (2 * artwork.width)));
  const layers = {
    rgb: resize(whole.rgb, height, width, "bilinear"),
    alpha: resize(whole.alpha, height, width, "bilinear"),
  };
  resized.set(key, layers);
  for (const old of [...resized.keys()].slice(0, -KEPT)) resized.delete(old);
  return layers;
}

/**
 * A copy of a picture with the artwork on it; what reaches over the edge is cut off.
 *
 * @param {Picture} picture RGB
 * @param {Artwork} artwork unpacked before
 * @param {Placement} placement
 * @returns {Picture}
 */
export function paste(picture, artwork, placement) {
  const { height, width } = picture;
  const { rgb, alpha } = atWidth(artwork, Math.max(1, rounded(placement.size * width)));
  const { height: h, width: w } = rgb;
  const radians = (placement.angle * Math.PI) / 180;
  const cos = rounded(Math.cos(radians) * ONE);
  const sin = rounded(Math.sin(radians) * ONE);
  const middleX = rounded(placement.x * width * ONE);
  const middleY = rounded(placement.y * height * ONE);
  const reachX = Math.floor((Math.abs(cos) * w + Math.abs(sin) * h) / 2) + 2 * ONE;
  const reachY = Math.floor((Math.abs(sin) * w + Math.abs(cos) * h) / 2) + 2 * ONE;
  const left = Math.max(0, Math.floor((middleX - reachX) / ONE));
  const right = Math.min(width, Math.floor((middleX + reachX) / ONE) + 1);
  const top = Math.max(0, Math.floor((middleY - reachY) / ONE));
  const bottom = Math.min(height, Math.floor((middleY + reachY) / ONE) + 1);
  const data = picture.data.slice();
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
      const at = (y * width + x) * 3;
      for (let c = 0; c < 3; c++) {
        const under = Math.floor(((255 - opacity) * data[at + c] + 127) / 255);
        data[at + c] = Math.min(255, sample(rgb, c, column, row, fx, fy) + under);
      }
    }
  }
  return { ...picture, data };
}

/**
 * Bilinear value of one channel, see-through beyond the edge.
 * @param {Picture} layer
 * @param {number} channel
 * @param {number} column of the upper left of the four neighbours; -1 is beyond the edge
 * @param {number} row
 * @param {number} fx share of the right ones, of 256
 * @param {number} fy share of the lower ones, of 256
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
