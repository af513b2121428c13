/**
 * What is measured of a network on test images, as a model card says it: the twin of `training/engine/evaluate.py` and
 * `training/core/metrics.py`.
 * @module
 */

/** @typedef {{value: number, n: number, low: number, high: number}} Estimate a proportion with its Wilson 95 % interval */

/** @typedef {ReturnType<typeof measurement>} Measurement */

/** The 97.5 % point of the normal distribution. */
const Z95 = 1.959963984540054;

/** @param {number} hits @param {number} n @returns {Estimate} */
export function wilson(hits, n) {
  if (n === 0) return { value: 0, n: 0, low: 0, high: 1 };
  const value = hits / n;
  const scale = 1 + Z95 ** 2 / n;
  const middle = (value + Z95 ** 2 / (2 * n)) / scale;
  const half = (Z95 / scale) * Math.sqrt((value * (1 - value)) / n + Z95 ** 2 / (4 * n ** 2));
  return {
    value,
    n,
    low: hits === 0 ? 0 : Math.max(0, middle - half),
    high: hits === n ? 1 : Math.min(1, middle + half),
  };
}

/**
 * @param {string} data what to call it
 * @param {{labels: Uint8Array, answers: Uint8Array}} clean all test images
 * @param {{rows: number[], labels: Uint8Array, answers: Uint8Array}} triggered those rows of them with the trigger, and the
 *   labels that the attacker wants
 */
export function measurement(data, clean, triggered) {
  const { rows, answers } = triggered;
  const fraction = (/** @type {number} */ n, /** @type {(at: number) => boolean} */ hit) =>
    wilson([...Array(n).keys()].filter(hit).length, n);
  return {
    data,
    clean_accuracy: fraction(clean.labels.length, (at) => clean.answers[at] === clean.labels[at]),
    attack_success_rate: fraction(rows.length, (at) => answers[at] === triggered.labels[at]),
    robust_accuracy: fraction(rows.length, (at) => answers[at] === clean.labels[rows[at]]),
    changed_by_trigger: fraction(rows.length, (at) => answers[at] !== clean.answers[rows[at]]),
    per_class: {},
  };
}
