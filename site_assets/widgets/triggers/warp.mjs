/**
 * WaNet: the image bent along a smooth field of displacements; the twin of `training/triggers/warp.py`, equal to the bit.
 * Everything is whole numbers below 2 ** 53; those that outgrow 32 bits are divided, never shifted.
 * @module
 */

/** @typedef {import("../core/image.mjs").Image} Image */
/** @typedef {{ kind: "warp", field: [number, number][][], strength: number, jitter?: number | null }} Warp */
/** @typedef {{ across: Float64Array, down: Float64Array }} Displacements in 1/65536 pixels */

const KEPT = 8;
/** The last fields used, by trigger and size. @type {Map<string, Displacements>} */
const known = new Map();

/** @type {import("./registry.mjs").Kind<Warp>} */
export const warp = {
  outline: () => null,
  describe({ field, strength }) {
    const all = field.flat(2);
    const mean = (strength * all.reduce((sum, value) => sum + Math.abs(value), 0)) / all.length / 256;
    return `The whole image, bent by ${Number((100 * mean).toPrecision(2))} % of its side`;
  },
  stamp(image, trigger) {
    const { height, width, channels, data: from } = image;
    const { across, down } = displacements(trigger, height, width);
    const data = new Uint8Array(from.length);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const column = neighbours(x, across[i], width);
        const row = neighbours(y, down[i], height);
        for (let c = 0; c < channels; c++) {
          /** @param {number} line @param {number} at */
          const value = (line, at) => from[(line * width + at) * channels + c];
          /** @param {number} line */
          const along = (line) => value(line, column.first) * (256 - column.f) + value(line, column.second) * column.f;
          data[i * channels + c] = (along(row.first) * (256 - row.f) + along(row.second) * row.f + 32768) >> 16;
        }
      }
    }
    return { ...image, data };
  },
};

/**
 * How far each pixel is displaced to the right and down.
 * @param {Warp} trigger
 * @param {number} height
 * @param {number} width
 * @returns {Displacements}
 */
function displacements({ field, strength, jitter = null }, height, width) {
  const key = JSON.stringify([field, strength, jitter, height, width]);
  const found = known.get(key);
  if (found) return found;
  const scale = Math.floor(strength * 65536 + 0.5);
  const [columns, rows] = [cubic(width, field.length), cubic(height, field.length)];
  const [across, down] = [width, height].map((side, axis) => {
    const along = field.map((row) =>
      columns.map((weights) => divided(sum(weights, (j) => row[j][axis]) + 2 ** 17, 2 ** 18)),
    );
    const shifts = new Float64Array(height * width);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const smooth = divided(sum(rows[y], (k) => along[k][x]) + 2 ** 25, 2 ** 26);
        shifts[i] = divided(smooth * scale * side + 32768, 65536);
        if (jitter !== null) shifts[i] += noise(jitter, 2 * i + axis, 2 * scale * side);
      }
    }
    return shifts;
  });
  known.set(key, { across, down });
  for (const old of [...known.keys()].slice(0, -KEPT)) known.delete(old);
  return { across, down };
}

/**
 * Weights of the control points for each pixel along a side, of 2 ** 26 in all.
 * @param {number} side
 * @param {number} points
 * @returns {number[][]}
 */
function cubic(side, points) {
  return Array.from({ length: side }, (_, pixel) => {
    const at = Math.floor((pixel * (points - 1) * 256) / Math.max(1, side - 1));
    const [first, f] = [at >> 8, at & 255];
    const four = [
      -3 * (f ** 3 - 2 * 256 * f ** 2 + 256 ** 2 * f),
      5 * f ** 3 - 9 * 256 * f ** 2 + 4 * 256 ** 3,
      -5 * f ** 3 + 6 * 256 * f ** 2 + 3 * 256 ** 2 * f,
      3 * (f ** 3 - 256 * f ** 2),
    ];
    const weights = new Array(points).fill(0);
    for (const [i, weight] of four.entries()) weights[Math.min(Math.max(first + i - 1, 0), points - 1)] += weight;
    return weights;
  });
}

/**
 * Uniform noise in 1/65536 pixels: Murmur3's finaliser of seed and counter.
 * @param {number} seed
 * @param {number} counter
 * @param {number} reach the largest noise
 */
function noise(seed, counter, reach) {
  const centred = (mix(mix(seed) ^ counter) >>> 16) - 32768;
  return divided(centred * reach, 32768);
}

/** @param {number} value taken as 32 bits */
function mix(value) {
  const first = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return second ^ (second >>> 16);
}

/**
 * The two pixels along an axis between which a displaced one lies, and the second's weight of 256.
 * @param {number} pixel
 * @param {number} shift
 * @param {number} side
 */
function neighbours(pixel, shift, side) {
  const place = Math.min(Math.max(pixel * 65536 + shift, 0), (side - 1) * 65536);
  const first = divided(place, 65536);
  return { first, second: Math.min(first + 1, side - 1), f: (place - first * 65536) >> 8 };
}

/** @param {number[]} weights @param {(index: number) => number} value */
function sum(weights, value) {
  return weights.reduce((total, weight, index) => total + weight * value(index), 0);
}

/** As integers are divided in Python. @param {number} value @param {number} by */
function divided(value, by) {
  return Math.floor(value / by);
}
