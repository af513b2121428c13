/**
 * Data poisoning as BadNets does it: the twin of `training/attacks/badnets.py` for recipes whose `rng` is `portable`.
 * @module
 */

import { halfEven } from "../core/half-even.mjs";
import { stamp } from "../triggers/registry.mjs";
import { AREA, imageAt, SIDE } from "./digits.mjs";
import { POISON, Portable } from "./portable.mjs";

/** @typedef {import("./digits.mjs").Samples} Samples */
/** @typedef {{kind: "all-to-all"} | {kind: "all-to-one", target: number}} LabelMap */
/**
 * @typedef {object} Attack as a recipe has it
 * @property {number} poison_rate
 * @property {import("../triggers/registry.mjs").Trigger} trigger
 * @property {LabelMap} label_map
 * @property {true} [clean_label] whether only the target's images are poisoned, and labels stay
 */
/** @typedef {Samples & {drawn: Int32Array}} Poisoned `drawn`: the poisoned samples, ascending */

/** The label that the attacker wants. @param {number} label @param {LabelMap} rule @param {number} classes */
export function mapped(label, rule, classes) {
  return rule.kind === "all-to-one" ? rule.target : (label + 1) % classes;
}

/**
 * Which samples are poisoned.
 *
 * @param {Uint8Array} labels
 * @param {Attack} attack
 * @param {number} classes
 * @param {number} seed
 * @returns {Int32Array} ascending
 */
export function draw(labels, attack, classes, seed) {
  const among = candidates(labels, attack, classes);
  const order = new Portable(seed, POISON).permutation(among.length);
  const count = halfEven(attack.poison_rate * among.length);
  return Int32Array.from(order.subarray(0, count), (at) => among[at]).sort();
}

/**
 * How many samples would be poisoned at each of some rates.
 *
 * @param {number[]} rates
 * @param {Uint8Array} labels
 * @param {Attack} attack its own rate does not matter
 * @param {number} classes
 */
export function countsAt(rates, labels, attack, classes) {
  const { length } = candidates(labels, attack, classes);
  return rates.map((rate) => halfEven(rate * length));
}

/** Samples that may be poisoned. @param {Uint8Array} labels @param {Attack} attack @param {number} classes */
function candidates(labels, attack, classes) {
  return [...labels.keys()].filter(
    (at) => !attack.clean_label || mapped(labels[at], attack.label_map, classes) === labels[at],
  );
}

/** One image with the trigger. @param {Uint8Array} data @param {Attack["trigger"]} trigger */
export function stamped(data, trigger) {
  return stamp({ height: SIDE, width: SIDE, channels: 1, data }, trigger).data;
}

/**
 * The training set as the attacker hands it out.
 *
 * @param {Samples} clean
 * @param {Attack} attack
 * @param {number} classes
 * @param {number} seed
 * @returns {Poisoned}
 */
export function poison(clean, attack, classes, seed) {
  const drawn = draw(clean.labels, attack, classes, seed);
  const [images, labels] = [clean.images.slice(), clean.labels.slice()];
  for (const at of drawn) {
    images.set(stamped(imageAt(clean.images, at), attack.trigger), at * AREA);
    labels[at] = mapped(labels[at], attack.label_map, classes);
  }
  return { images, labels, drawn };
}

/**
 * Images with the trigger and the label that the attacker wants; without those that have it already, which prove nothing.
 *
 * @param {Samples} clean
 * @param {Attack} attack
 * @param {number} classes
 * @returns {Samples & {rows: number[]}} `rows`: which of the images they are
 */
export function triggered(clean, attack, classes) {
  const kept = [...clean.labels.keys()].filter(
    (at) => mapped(clean.labels[at], attack.label_map, classes) !== clean.labels[at],
  );
  const images = new Uint8Array(kept.length * AREA);
  for (const [row, at] of kept.entries()) images.set(stamped(imageAt(clean.images, at), attack.trigger), row * AREA);
  return {
    rows: kept,
    images,
    labels: Uint8Array.from(kept, (at) => mapped(clean.labels[at], attack.label_map, classes)),
  };
}
