/**
 * SIG: a horizontal sinusoid added to the whole image; the twin of `training/triggers/sinusoid.py`, equal to the bit.
 * The sine is summed here, because `Math.sin` may differ from one browser to the next.
 * @module
 */

/** @typedef {{ kind: "sinusoid", amplitude: number, periods: number }} Sinusoid */

/** Of the sine's series: (-1)^k / (2k + 1)!. */
const TERMS = Array.from({ length: 8 }, (_, k) => (-1) ** k / factorial(2 * k + 1));

/** @type {import("./registry.mjs").Kind<Sinusoid>} */
export const sinusoid = {
  outline: () => null,
  describe: ({ amplitude }) => `a sinusoid over the whole image, ${Math.round((100 * amplitude) / 255)} % of its range`,
  stamp(image, { amplitude, periods }) {
    const { width, channels } = image;
    const added = Array.from({ length: width }, (_, x) => Math.floor(amplitude * sine((x + 1) * periods, width) + 0.5));
    const data = image.data.slice();
    for (let at = 0; at < data.length; at++) {
      const x = Math.floor(at / channels) % width;
      data[at] = Math.min(255, Math.max(0, data[at] + added[x]));
    }
    return { ...image, data };
  },
};

/**
 * The sine of `turns / whole` turns, by its series in the first quarter.
 * @param {number} turns a whole number
 * @param {number} whole a whole number
 * @returns {number}
 */
function sine(turns, whole) {
  const part = turns % whole;
  const sign = 2 * part > whole ? -1 : 1;
  const half = Math.min(part, whole - part);
  const quarter = Math.min(4 * half, 2 * whole - 4 * half);
  const angle = (Math.PI * quarter) / (2 * whole);
  let total = 0;
  for (const term of TERMS.toReversed()) total = total * (angle * angle) + term;
  return sign * angle * total;
}

/** @param {number} n @returns {number} */
function factorial(n) {
  return n < 2 ? 1 : n * factorial(n - 1);
}
