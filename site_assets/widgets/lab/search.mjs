/**
 * The search for the smallest trigger that turns every image into one class (Neural Cleanse, Wang et al. 2019): the twin of
 * `training/defences/trigger_search.py`.
 * @module
 */

import { AREA, imageAt } from "./digits.mjs";
import { fresh } from "./network.mjs";
import { Portable, SEARCH } from "./portable.mjs";

/** Settings of the search, as in Python. */
export const HOW = {
  rounds: 300,
  success: 0.99,
  window: 4,
  weight: 1e-3,
  multiplier: 2,
  patience: 5,
  stopAfter: 25,
};
/** How far the first masks and patterns stay from 0 and 1, where the hyperbolic tangent has no inverse. */
const EDGE = 1e-4;
/** Anomaly index above which Neural Cleanse calls a class backdoored, and what makes a deviation of a median's. */
export const SUSPICIOUS = 2;
const CONSISTENCY = 1.4826;

/** @typedef {import("./network.mjs").Tried} Tried */
/** @typedef {{target: number, trigger: Float32Array, size: number, success: number, round: number, done: boolean}} Found */

/** Mask and pattern before the hyperbolic tangent, as a search begins. @param {Portable} rng */
export function firstTrigger(rng) {
  return Float32Array.from({ length: 2 * AREA }, () => Math.atanh((rng.uniform() - 0.5) * (2 - EDGE)));
}

/** The weight of a search's mask in its loss, adapted so that the trigger keeps succeeding. */
export class MaskWeight {
  weight = 0;
  /** Of the masks that reached the success. */
  smallest = Number.POSITIVE_INFINITY;
  running = true;
  /** @type {number[]} */
  #recent;
  #how;
  #counts = { succeeded: 0, failed: 0, waited: 0 };
  #risen = false;
  #fallen = false;

  constructor(how = HOW) {
    this.#how = how;
    this.#recent = new Array(how.window).fill(0);
  }

  /**
   * Take note of a round, and change the weight.
   *
   * @param {number} success fraction of the batch that the trigger turned
   * @param {number} size its mask's
   * @returns {boolean} whether this is a smaller trigger that reaches the success
   */
  update(success, size) {
    const how = this.#how;
    const counts = this.#counts;
    this.#recent = [...this.#recent.slice(1), success];
    const reached = this.#recent.reduce((sum, each) => sum + each, 0) / how.window >= how.success;
    const smaller = reached && size < this.smallest;
    if (smaller) this.smallest = size;
    counts.waited = smaller || this.smallest === Number.POSITIVE_INFINITY ? 0 : counts.waited + 1;
    const running = this.running;
    if (this.#risen && this.#fallen && counts.waited >= how.stopAfter) this.running = false;
    counts.succeeded = reached ? counts.succeeded + 1 : 0;
    counts.failed = reached ? 0 : counts.failed + 1;
    if (running && counts.succeeded >= how.patience) {
      if (this.weight === 0) {
        this.weight = how.weight;
        this.#fallen = false;
      } else {
        this.weight *= how.multiplier;
        this.#risen = true;
      }
      counts.succeeded = 0;
    }
    if (running && counts.failed >= how.patience) {
      this.weight /= how.multiplier ** 1.5;
      this.#fallen = true;
      counts.failed = 0;
    }
    return smaller;
  }
}

/**
 * Search every class's trigger, one class after the other.
 *
 * @param {import("./network.mjs").Graphs} graphs
 * @param {Float32Array} values the network's parameters
 * @param {import("./digits.mjs").Samples} clean the owner's
 * @param {{classes: number, seed: number}} of
 * @returns {AsyncGenerator<Found>} after each round: the smallest trigger so far or, before there is one, the last
 */
export async function* search(graphs, values, clean, { classes, seed }) {
  const rng = new Portable(seed, SEARCH);
  const size = graphs.batches.search;
  for (let target = 0; target < classes; target++) {
    const weight = new MaskWeight();
    let state = fresh(firstTrigger(rng));
    /** @type {Tried | null} */
    let best = null;
    let order = new Int32Array(0);
    for (let round = 1; weight.running && round <= HOW.rounds; round++) {
      if (order.length < size) order = rng.permutation(clean.labels.length);
      const images = new Uint8Array(size * AREA);
      for (let row = 0; row < size; row++) images.set(imageAt(clean.images, order[row]), row * AREA);
      order = order.subarray(size);
      const { state: next, tried } = await graphs.search(values, images, state, target, weight.weight);
      state = next;
      if (weight.update(tried.success, tried.size)) best = tried;
      const shown = best ?? tried;
      yield { target, ...shown, round, done: !weight.running || round === HOW.rounds };
    }
  }
}

/**
 * How far below the median each class's trigger size lies, in deviations; the twin of `training/defences/outliers.py`.
 *
 * @param {number[]} sizes
 */
export function anomalyIndices(sizes) {
  const middle = median(sizes);
  const spread = CONSISTENCY * median(sizes.map((size) => Math.abs(size - middle)));
  return sizes.map((size) => (spread < 1e-9 * Math.abs(middle) ? 0 : (middle - size) / spread));
}

/** @param {number[]} values */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
