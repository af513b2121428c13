/**
 * The networks of a round, as their owner can test them without knowing what was planted.
 * @module
 */

import { AREA, imageAt } from "./digits.mjs";
import { accuracy, answersOf } from "./network.mjs";
import { mapped, stamped, triggered } from "./poison.mjs";
import { INBOX, Portable } from "./portable.mjs";
import { search } from "./search.mjs";
import { judge } from "./strip.mjs";

/** @typedef {import("./digits.mjs").Samples} Samples */
/** @typedef {import("./poison.mjs").Attack} Attack */
/** @typedef {{values: Float32Array, attack: Attack | null}} Suspect `attack`: null if it is clean */
/** @typedef {{label: number, probability: number}} Answer */
/** @typedef {{aborted: boolean}} Stop */
/** @typedef {{attack: Attack | null, clean: number, success: number | null}} Truth */

/** Test images that a network is asked about for its accuracy. */
export const ASKED = 200;
/** Inputs that STRIP judges, and one in so many of them carries the trigger of a network that has one. */
export const INPUTS = 100;
export const ONE_IN = 10;

export class Suspects {
  #graphs;
  #data;
  #classes;
  #breathe;
  #suspects;
  #seed;

  /**
   * @param {import("./network.mjs").Graphs} graphs
   * @param {Record<import("./digits.mjs").Split, Samples>} data
   * @param {number} classes
   * @param {() => Promise<void>} breathe lets others have their turn
   * @param {Suspect[]} suspects
   * @param {number} seed the round's
   */
  constructor(graphs, data, classes, breathe, suspects, seed) {
    this.#graphs = graphs;
    this.#data = data;
    this.#classes = classes;
    this.#breathe = breathe;
    this.#suspects = suspects;
    this.#seed = seed;
  }

  /** @param {number} which @param {Samples} samples */
  async #accuracy(which, { images, labels }) {
    const { logits } = await this.#graphs.answers(this.#suspects[which].values, images, this.#breathe);
    return accuracy(logits, labels);
  }

  /** Accuracy on some of the test images, the same for each network. @param {number} which */
  accuracy(which) {
    const { labels, images } = this.#data.test;
    const drawn = new Portable(this.#seed, INBOX).permutation(labels.length).subarray(0, ASKED);
    return this.#accuracy(which, taken(images, labels, drawn));
  }

  /** What each network says of an image. @param {Uint8Array} image @returns {Promise<Answer[]>} */
  async show(image) {
    const answers = [];
    for (const { values } of this.#suspects) {
      const { logits } = await this.#graphs.answers(values, image);
      const [label] = answersOf(logits, this.#classes);
      const sum = logits.reduce((all, logit) => all + Math.exp(logit - logits[label]), 0);
      answers.push({ label, probability: 1 / sum });
    }
    return answers;
  }

  /**
   * Neural Cleanse.
   *
   * @param {number} which
   * @param {Stop} stop
   * @param {(found: import("./search.mjs").Found) => void} onFound
   * @returns {Promise<boolean>} whether it came to its end
   */
  async search(which, stop, onFound) {
    const of = { classes: this.#classes, seed: this.#seed };
    for await (const found of search(this.#graphs, this.#suspects[which].values, this.#data.validation, of)) {
      onFound(found);
      await this.#breathe();
      if (stop.aborted) return false;
    }
    return true;
  }

  /**
   * STRIP on what comes in while the network is in use: `clean` judges the inputs, whatever they are.
   *
   * @param {number} which
   * @param {Stop} stop
   * @param {(judged: import("./strip.mjs").Judged) => void} onJudged
   * @returns {Promise<boolean>} whether it came to its end
   */
  async strip(which, stop, onJudged) {
    const { values } = this.#suspects[which];
    const ask = async (/** @type {Uint8Array} */ images) =>
      (await this.#graphs.answers(values, images, this.#breathe)).logits;
    const inputs = { clean: this.inbox(which), triggered: new Uint8Array() };
    const of = { classes: this.#classes, seed: this.#seed };
    for await (const judged of judge(ask, this.#data.validation.images, inputs, of)) {
      onJudged(judged);
      if (stop.aborted) return false;
    }
    return true;
  }

  /** What comes in: test images; if the network is backdoored, some of them with its trigger. @param {number} which */
  inbox(which) {
    const { attack } = this.#suspects[which];
    const { images, labels } = this.#data.test;
    const drawn = new Portable(this.#seed, INBOX).permutation(labels.length).subarray(0, INPUTS);
    const found = taken(images, labels, drawn);
    if (!attack) return found.images;
    const others = [...found.labels.keys()].filter(
      (at) => mapped(found.labels[at], attack.label_map, this.#classes) !== found.labels[at],
    );
    for (const at of others.slice(0, INPUTS / ONE_IN)) {
      found.images.set(stamped(imageAt(found.images, at), attack.trigger), at * AREA);
    }
    return found.images;
  }

  /** What each network is, measured on all test images. @returns {Promise<Truth[]>} */
  async reveal() {
    const found = [];
    for (const [which, { attack }] of this.#suspects.entries()) {
      const clean = await this.#accuracy(which, this.#data.test);
      const success = attack && (await this.#accuracy(which, triggered(this.#data.test, attack, this.#classes)));
      found.push({ attack, clean, success });
    }
    return found;
  }
}

/** @param {Uint8Array} images @param {Uint8Array} labels @param {Int32Array} which @returns {Samples} */
function taken(images, labels, which) {
  const found = { images: new Uint8Array(which.length * AREA), labels: Uint8Array.from(which, (at) => labels[at]) };
  for (const [row, at] of which.entries()) found.images.set(imageAt(images, at), row * AREA);
  return found;
}
