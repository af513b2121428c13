/**
 * Pillow 13's `Image.resize` for 8-bit images, to the bit: separable convolution with 22-bit fixed-point taps and an
 * 8-bit image between the two passes (Pillow, `src/libImaging/Resample.c`).
 * @module
 */

/** @typedef {import("./image.mjs").Image} Image */
/** @typedef {"box" | "bilinear" | "bicubic"} Filter */

const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/** @type {Record<Filter, { support: number, weight: (x: number) => number }>} */
const FILTERS = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    weight: (x) => {
      const a = -0.5;
      const d = Math.abs(x);
      if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
      if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
      return 0;
    },
  },
};

/**
 * The taps of one axis: output `i` is the sum of `taps[i * size + k] * input[first[i] + k]` for `k < count[i]`.
 * @param {number} from input length
 * @param {number} to output length
 * @param {Filter} filter
 */
function tapsOf(from, to, filter) {
  const { support: unit, weight } = FILTERS[filter];
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = unit * stretch;
  const size = Math.ceil(support) * 2 + 1;
  const taps = new Int32Array(to * size);
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  const weights = new Float64Array(size);
  const inverse = 1 / stretch;
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    let sum = 0;
    for (let k = 0; k < end - start; k++) {
      weights[k] = weight((k + start - centre + 0.5) * inverse);
      sum += weights[k];
    }
    for (let k = 0; k < end - start; k++) {
      const exact = (sum === 0 ? weights[k] : weights[k] / sum) * (1 << PRECISION_BITS);
      taps[i * size + k] = Math.trunc(exact + (exact < 0 ? -0.5 : 0.5));
    }
    first[i] = start;
    count[i] = end - start;
  }
  return { taps, first, count, size };
}

/** @param {number} sum */
function clip8(sum) {
  return Math.min(Math.max(sum >> PRECISION_BITS, 0), 255);
}

/**
 * @param {Image} image
 * @param {number} width
 * @param {Filter} filter
 * @returns {Image}
 */
function horizontally(image, width, filter) {
  const { height, channels } = image;
  const { taps, first, count, size } = tapsOf(image.width, width, filter);
  const source = image.data;
  const data = new Uint8Array(height * width * channels);
  let out = 0;
  for (let y = 0; y < height; y++) {
    const row = y * image.width * channels;
    for (let x = 0; x < width; x++) {
      const base = x * size;
      const start = row + first[x] * channels;
      for (let c = 0; c < channels; c++) {
        let sum = HALF;
        for (let k = 0, at = start + c; k < count[x]; k++, at += channels) sum += source[at] * taps[base + k];
        data[out++] = clip8(sum);
      }
    }
  }
  return { height, width, channels, data };
}

/**
 * @param {Image} image
 * @param {number} height
 * @param {Filter} filter
 * @returns {Image}
 */
function vertically(image, height, filter) {
  const { width, channels } = image;
  const { taps, first, count, size } = tapsOf(image.height, height, filter);
  const stride = width * channels;
  const data = new Uint8Array(height * stride);
  const sums = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    for (let k = 0; k < count[y]; k++) {
      const tap = taps[y * size + k];
      const row = (first[y] + k) * stride;
      for (let x = 0; x < stride; x++) sums[x] += image.data[row + x] * tap;
    }
    for (let x = 0; x < stride; x++) data[y * stride + x] = clip8(sums[x]);
  }
  return { height, width, channels, data };
}

/**
 * Resize an image.
 * @param {Image} image
 * @param {number} height
 * @param {number} width
 * @param {Filter} filter
 * @returns {Image}
 */
export function resize(image, height, width, filter) {
  if (!(filter in FILTERS)) throw new RangeError(`unknown resize filter ${filter}`);
  const fewerRows = image.height - height;
  const fewerColumns = image.width - width;
  const across = (/** @type {Image} */ p) => (fewerColumns === 0 ? p : horizontally(p, width, filter));
  const down = (/** @type {Image} */ p) => (fewerRows === 0 ? p : vertically(p, height, filter));
  // Pillow 13 takes the rows first where that leaves it the less work.
  const rowsFirst = fewerRows > 0 && fewerRows > 2 * fewerColumns;
  return rowsFirst ? across(down(image)) : down(across(image));
}
