/**
 * Artwork: a small image with transparency, carried along as data; the twin of `training/triggers/artwork.py`.
 * @module
 */

import { resize } from "../core/resize.mjs";
import { sha256 } from "../core/sha256.mjs";

/** @typedef {import("../core/image.mjs").Image} Image */
/**
 * @typedef {object} Artwork
 * @property {string} name
 * @property {number} height
 * @property {number} width
 * @property {string} sha256 of the raw pixels, RGBA
 * @property {string} rgba the raw pixels, deflated (zlib), in base64
 */
/** @typedef {{ rgb: Image, alpha: Image }} Layers colours multiplied by their alpha, and the alpha */

const KEPT = 32;

/** Unpacked artwork, by its SHA-256. @type {Map<string, Layers>} */
const unpacked = new Map();
/** The last sizes used, by SHA-256 and size. @type {Map<string, Layers>} */
const resized = new Map();

/**
 * Unpack an artwork once, so that `layersOf` can use it.
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
 * The artwork at a size, by Pillow's bilinear convolution.
 *
 * @param {Artwork} artwork unpacked before
 * @param {number} height
 * @param {number} width
 * @returns {Layers}
 */
export function layersOf(artwork, height, width) {
  const key = `${artwork.sha256} ${height} ${width}`;
  const known = resized.get(key);
  if (known) return known;
  const full = unpacked.get(artwork.sha256);
  if (!full) throw new RangeError(`the artwork “${artwork.name}” has not been unpacked`);
  const layers = {
    rgb: resize(full.rgb, height, width, "bilinear"),
    alpha: resize(full.alpha, height, width, "bilinear"),
  };
  resized.set(key, layers);
  for (const old of [...resized.keys()].slice(0, -KEPT)) resized.delete(old);
  return layers;
}

/**
 * A colour's brightness, as Pillow converts to grey.
 *
 * @param {number} red 0 to 255
 * @param {number} green
 * @param {number} blue
 */
export function luma(red, green, blue) {
  return (red * 19595 + green * 38470 + blue * 7471 + 32768) >> 16;
}

/**
 * What an artwork shows, as it is named.
 *
 * @param {Artwork} artwork
 */
export function artworkName({ name }) {
  return name.replace(/[-_]+/g, " ").replace(/^./, (first) => first.toUpperCase());
}

/** @param {string} base64 */
async function inflate(base64) {
  const packed = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
