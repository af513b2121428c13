/** The output pipeline: from logits to what a reader sees. */

/** @typedef {{index: number, label: string, probability: number}} Ranked */

/**
 * Softmax in double precision, shifted by the maximum so that it cannot overflow.
 *
 * @param {ArrayLike<number>} logits
 * @returns {Float64Array}
 */
export function softmax(logits) {
  const result = new Float64Array(logits.length);
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) max = Math.max(max, logits[i]);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    result[i] = Math.exp(logits[i] - max);
    sum += result[i];
  }
  for (let i = 0; i < result.length; i++) result[i] /= sum;
  return result;
}

/**
 * @param {ArrayLike<number>} logits
 * @param {'softmax' | 'none'} activation from the card's output pipeline
 */
export function activate(logits, activation) {
  return activation === "softmax" ? softmax(logits) : Float64Array.from(logits);
}

/**
 * The `k` likeliest classes, likeliest first; equal ones in the order of the labels.
 *
 * @param {ArrayLike<number>} probabilities
 * @param {readonly string[]} labels
 * @param {number} k
 * @returns {Ranked[]}
 */
export function topK(probabilities, labels, k) {
  const ranked = labels.map((label, index) => ({ index, label, probability: probabilities[index] }));
  ranked.sort((a, b) => b.probability - a.probability || a.index - b.index);
  return ranked.slice(0, k);
}

/**
 * A probability as the page writes it: never "100 %" or "0 %" for what is merely near. Its space does not break.
 *
 * @param {number} probability
 */
export function percent(probability) {
  const value = probability * 100;
  if (value >= 99.95 && value < 100) return ">\u00a099.9\u00a0%";
  if (value > 0 && value < 0.1) return "<\u00a00.1\u00a0%";
  return `${value === 100 ? 100 : value.toFixed(1)}\u00a0%`;
}
