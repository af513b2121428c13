/**
 * Pruning (Liu et al. 2018): cut off the features that clean images use least; after `training/defences/pruning.py`.
 * @module
 */

import { accuracy } from "./network.mjs";

/** @typedef {{weight: Float32Array, bias: Float32Array}} Head weights `(classes, d)` row by row */
/** @typedef {{features: Float32Array, labels: Uint8Array}} Seen features `(n, d)` row by row */
/** @typedef {{cut: number, clean: number, success: number}} Cut accuracies with so many features cut off */

/** The features by how strongly clean images use them on average, weakest first. @param {Float32Array} features @param {number} d */
export function quietestFirst(features, d) {
  const sums = new Float64Array(d);
  for (let i = 0; i < features.length; i++) sums[i % d] += features[i];
  return [...sums.keys()].sort((a, b) => sums[a] - sums[b] || a - b);
}

/**
 * Accuracies after each feature that is cut off, from none to all.
 *
 * @param {Head} head
 * @param {number[]} order of the features
 * @param {Seen} clean
 * @param {Seen} triggered with the labels that the attacker wants
 * @returns {Cut[]}
 */
export function prune(head, order, clean, triggered) {
  const d = order.length;
  const classes = head.bias.length;
  const logits = [clean, triggered].map(({ features, labels }) => {
    const found = new Float32Array(labels.length * classes);
    for (let row = 0; row < labels.length; row++) {
      for (let c = 0; c < classes; c++) {
        let sum = head.bias[c];
        for (let i = 0; i < d; i++) sum += features[row * d + i] * head.weight[c * d + i];
        found[row * classes + c] = sum;
      }
    }
    return found;
  });
  const measured = (/** @type {number} */ cut) => ({
    cut,
    clean: accuracy(logits[0], clean.labels),
    success: accuracy(logits[1], triggered.labels),
  });
  const curve = [measured(0)];
  for (const [done, channel] of order.entries()) {
    for (const [which, { features, labels }] of [clean, triggered].entries()) {
      for (let row = 0; row < labels.length; row++) {
        const value = features[row * d + channel];
        for (let c = 0; c < classes; c++) logits[which][row * classes + c] -= value * head.weight[c * d + channel];
      }
    }
    curve.push(measured(done + 1));
  }
  return curve;
}
