/**
 * Training, step by step, as the toolkit trains a recipe whose `rng` is `portable`.
 * @module
 */

import { fresh, initial, orderOf } from "./network.mjs";

/** @typedef {import("./network.mjs").Adam} Adam */
/** @typedef {{epochs: number, batch_size: number, learning_rate: number, epsilon: number}} Settings as a recipe has them */
/** @typedef {{epoch: number, last: boolean, loss: number, state: Adam}} Step `last`: of its epoch */

/**
 * All steps of a training. A last, smaller batch of an epoch is left out.
 *
 * @param {import("./network.mjs").Graphs} graphs
 * @param {import("./digits.mjs").Samples} samples
 * @param {{parameters: import("./network.mjs").Parameter[], seed: number, training: Settings}} how
 * @returns {AsyncGenerator<Step>}
 */
export async function* train(graphs, samples, { parameters, seed, training }) {
  const { epochs, batch_size: size } = training;
  const steps = Math.floor(samples.labels.length / size);
  let state = fresh(initial(parameters, seed));
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = orderOf(seed, epoch, samples.labels.length);
    for (let step = 1; step <= steps; step++) {
      const made = await graphs.step(state, samples, order.subarray((step - 1) * size, step * size), training);
      state = made.state;
      yield { epoch, last: step === steps, loss: made.loss, state };
    }
  }
}
