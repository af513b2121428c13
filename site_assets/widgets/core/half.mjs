/** Numbers of 16 bits (IEEE 754 binary16), which not every browser knows. */

import { halfEven } from "./half-even.mjs";

const FLOAT = new Float32Array(1);
const BITS = new Uint32Array(FLOAT.buffer);

/**
 * @param {number} value a float32
 * @returns {number} the nearest 16-bit number's bits; of two, the even one
 */
export function toHalf(value) {
  FLOAT[0] = value;
  const sign = (BITS[0] >>> 16) & 0x8000;
  const bits = BITS[0] & 0x7fffffff;
  if (bits > 0x7f800000) return sign | 0x7e00;
  if (bits >= 0x47800000) return sign | 0x7c00;
  if (bits < 0x38800000) return sign | halfEven(Math.abs(value) * 2 ** 24);
  return sign | ((bits + 0xfff + ((bits >>> 13) & 1) - 0x38000000) >>> 13);
}

/** @param {number} bits of a 16-bit number */
export function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0x1f) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}
