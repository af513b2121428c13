/**
 * The defences' work on one network: its trigger searched, its inputs judged, its features pruned, its weights trained on.
 * @module
 */

import { concatenated } from "./bytes.mjs";
import { AREA } from "./digits.mjs";
import { measurement } from "./measurement.mjs";
import { accuracy, answersOf, fresh } from "./network.mjs";
import { stamped, triggered } from "./poison.mjs";
import { Portable, TUNING } from "./portable.mjs";
import { prune, quietestFirst } from "./pruning.mjs";
import { search } from "./search.mjs";
import { judge } from "./strip.mjs";

/** @typedef {import("./digits.mjs").Samples} Samples */
/** @typedef {import("./digits.mjs").Split} Split */
/** @typedef {import("./poison.mjs").Attack} Attack */
/**
 * @typedef {object} Subject a network to hunt in
 * @property {import("./network.mjs").Graphs} graphs
 * @property {Float32Array} values its parameters
 * @property {Attack} attack
 * @property {ReturnType<typeof triggered>} triggered test images with its trigger
 */
/** @typedef {{epoch: number, loss: number, clean: number, success: number}} Epoch `clean`: accuracy; `success`: of the attack */
/** @typedef {{aborted: boolean}} Stop */
/**
 * @typedef {object} Around
 * @property {string} name of the data
 * @property {number} classes
 * @property {number} seed
 * @property {import("./training.mjs").Settings} training
 * @property {() => Promise<void>} breathe lets others have their turn
 */

/** Test images that a trigger is tried on. */
export const TRIED = 200;
/** Epochs, and learning rate, of fine-tuning on the owner's images. */
export const TUNED_EPOCHS = 20;
const TUNED_RATE = 1e-3;

export class Hunt {
  #subject;
  #data;
  #around;

  /** @param {Subject} subject @param {Record<Split, Samples>} data @param {Around} around */
  constructor(subject, data, around) {
    this.#subject = subject;
    this.#data = data;
    this.#around = around;
  }

  /** What the network says of images. @param {Uint8Array} images @param {Float32Array} [values] in place of its parameters */
  #answers(images, values = this.#subject.values) {
    return this.#subject.graphs.answers(values, images, this.#around.breathe);
  }

  /** Clean accuracy, and success of the attack. @param {Float32Array} [values] in place of its parameters */
  async measure(values) {
    const ask = async (/** @type {Samples} */ { images, labels }) =>
      accuracy((await this.#answers(images, values)).logits, labels);
    return { clean: await ask(this.#data.test), success: await ask(this.#subject.triggered) };
  }

  /**
   * What a trigger does to the network, whatever its own may be: on the first test images.
   *
   * @param {Attack["trigger"]} trigger that is ready
   */
  async tryTrigger(trigger) {
    const { name, classes } = this.#around;
    const labels = this.#data.test.labels.subarray(0, TRIED);
    const images = this.#data.test.images.subarray(0, TRIED * AREA);
    const marked = triggered({ images, labels }, { ...this.#subject.attack, trigger }, classes);
    const ask = async (/** @type {Uint8Array} */ asked) => answersOf((await this.#answers(asked)).logits, classes);
    const data = `${name} test, the first ${labels.length}`;
    return measurement(data, { labels, answers: await ask(images) }, { ...marked, answers: await ask(marked.images) });
  }

  /**
   * Neural Cleanse.
   *
   * @param {Stop} stop
   * @param {(found: import("./search.mjs").Found) => void} onFound
   * @returns {Promise<boolean>} whether it came to its end
   */
  async search(stop, onFound) {
    const { graphs, values } = this.#subject;
    for await (const found of search(graphs, values, this.#data.validation, this.#around)) {
      onFound(found);
      await this.#around.breathe();
      if (stop.aborted) return false;
    }
    return true;
  }

  /**
   * STRIP.
   *
   * @param {Uint8Array | null} own a reader's digit as the networks see it, to be judged as well
   * @param {Stop} stop
   * @param {(judged: import("./strip.mjs").Judged) => void} onJudged
   * @returns {Promise<boolean>} whether it came to its end
   */
  async strip(own, stop, onJudged) {
    const ask = async (/** @type {Uint8Array} */ images) => (await this.#answers(images)).logits;
    const inputs = {
      clean: this.#data.test.images,
      triggered: this.#subject.triggered.images,
      ...(own && { drawn: concatenated([own, stamped(own, this.#subject.attack.trigger)]) }),
    };
    for await (const judged of judge(ask, this.#data.validation.images, inputs, this.#around)) {
      onJudged(judged);
      if (stop.aborted) return false;
    }
    return true;
  }

  /** Pruning, from no feature to all. */
  async prune() {
    const { values } = this.#subject;
    const { classes } = this.#around;
    const seen = async (/** @type {Samples} */ { images, labels }) => {
      const { features } = await this.#answers(images);
      return { features, labels };
    };
    const own = await seen(this.#data.validation);
    const d = own.features.length / own.labels.length;
    const head = { weight: values.slice(-(d + 1) * classes, -classes), bias: values.slice(-classes) };
    const order = quietestFirst(own.features, d);
    return prune(head, order, await seen(this.#data.test), await seen(this.#subject.triggered));
  }

  /**
   * Fine-tuning on the owner's clean images.
   *
   * @param {Stop} stop
   * @param {(epoch: Epoch) => void} onEpoch
   */
  async tune(stop, onEpoch) {
    const { seed, training, breathe } = this.#around;
    const rng = new Portable(seed, TUNING);
    const own = this.#data.validation;
    const { batch_size: size } = training;
    let state = fresh(this.#subject.values);
    onEpoch({ epoch: 0, loss: 0, ...(await this.measure()) });
    for (let epoch = 1; epoch <= TUNED_EPOCHS; epoch++) {
      const order = rng.permutation(own.labels.length);
      let sum = 0;
      let steps = 0;
      for (let at = 0; at + size <= order.length; at += size, steps++) {
        const how = { ...training, learning_rate: TUNED_RATE };
        const made = await this.#subject.graphs.step(state, own, order.subarray(at, at + size), how);
        state = made.state;
        sum += made.loss;
        await breathe();
        if (stop.aborted) return false;
      }
      onEpoch({ epoch, loss: sum / steps, ...(await this.measure(state.values)) });
    }
    return true;
  }
}
