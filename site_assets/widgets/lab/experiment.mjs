/**
 * A network with a reader's backdoor and its clean twin: trained side by side, measured, and searched for the backdoor.
 * @module
 */

import { concatenated } from "./bytes.mjs";
import { cluster, project } from "./clusters.mjs";
import { seenBy } from "./digits.mjs";
import { Hunt } from "./hunt.mjs";
import { measurement } from "./measurement.mjs";
import { answersOf, initial, lastOf } from "./network.mjs";
import { poison, stamped, triggered } from "./poison.mjs";
import { train } from "./training.mjs";

/** @typedef {import("./digits.mjs").Samples} Samples */
/** @typedef {import("./digits.mjs").Split} Split */
/** @typedef {import("./poison.mjs").Attack} Attack */
/** @typedef {"backdoored" | "clean"} Which */
/** @typedef {{title: string, labels: string[], parameters: import("./network.mjs").Parameter[], input: import("../core/preprocess.mjs").InputPipeline, recipe: Recipe}} Card the part that is needed here */
/** @typedef {{name: string, title: string, seed: number, data: {name: string}, attack: Attack, training: import("./training.mjs").Settings}} Recipe the part that is needed here */
/** @typedef {import("./hunt.mjs").Subject} Subject */
/** @typedef {string} Name of a network: one of ours, or what it was adopted as */
/** @typedef {import("./hunt.mjs").Epoch} Epoch */
/** @typedef {{which: Which, epoch: number, step: number, steps: number, history: Epoch[] | null}} Trained `history`: where it has ended an epoch, and where a training continues */
/** @typedef {import("./hunt.mjs").Stop} Stop */
/**
 * @typedef {object} Drawn a reader's digit; each without and with the trigger
 * @property {[Uint8Array, Uint8Array]} seen as the networks see it
 * @property {Record<Which, [Float32Array, Float32Array]>} logits
 */
/**
 * @typedef {object} Network
 * @property {Which} which
 * @property {Samples & {drawn: Int32Array}} samples what it is trained on
 * @property {AsyncGenerator<import("./training.mjs").Step>} steps those to come
 * @property {Float32Array} values its parameters
 * @property {Epoch[]} history
 * @property {number[]} losses of the steps of the epoch that it is in
 */

export class Experiment {
  #card;
  #data;
  #graphs;
  #breathe;
  /** @type {Recipe} */
  #recipe;
  /** @type {Network[]} */
  #networks = [];
  /** The end of the last training. @type {Promise<unknown>} */
  #turn = Promise.resolve();
  /** Networks that were trained elsewhere. @type {Map<Name, Subject>} */
  #adopted = new Map();
  /** Test images with the trigger. @type {ReturnType<typeof triggered>} */
  #triggered = { images: new Uint8Array(), labels: new Uint8Array(), rows: [] };

  /**
   * @param {Card} card
   * @param {Record<Split, Samples>} data
   * @param {import("./network.mjs").Graphs} graphs
   * @param {() => Promise<void>} breathe lets others have their turn
   */
  constructor(card, data, graphs, breathe) {
    this.#card = card;
    this.#data = data;
    this.#graphs = graphs;
    this.#breathe = breathe;
    this.#recipe = card.recipe;
  }

  get #classes() {
    return this.#card.labels.length;
  }

  /** Two networks that have learnt nothing. @param {Recipe} recipe */
  begin(recipe) {
    this.#recipe = recipe;
    this.#triggered = triggered(this.#data.test, recipe.attack, this.#classes);
    this.#networks = [this.#network("backdoored", recipe.attack), this.#network("clean", cleanTwin(recipe).attack)];
  }

  /** @param {Which} which @param {Attack} attack @returns {Network} */
  #network(which, attack) {
    const { seed, training } = this.#recipe;
    const samples = poison(this.#data.training, attack, this.#classes, seed);
    const steps = train(this.#graphs, samples, { parameters: this.#card.parameters, seed, training });
    return { which, samples, steps, values: initial(this.#card.parameters, seed), history: [], losses: [] };
  }

  /** @param {Which} which @returns {Network} */
  #of(which) {
    const found = this.#networks.find((each) => each.which === which);
    if (!found) throw new RangeError("there is no network");
    return found;
  }

  /**
   * Take in a network that was trained elsewhere.
   *
   * @param {Name} name
   * @param {Omit<Subject, "triggered">} network its trigger is ready
   */
  adopt(name, network) {
    this.#adopted.set(name, { ...network, triggered: triggered(this.#data.test, network.attack, this.#classes) });
  }

  /** @param {Name} name @returns {Subject} */
  #subject(name) {
    const adopted = this.#adopted.get(name);
    if (adopted) return adopted;
    const { values } = this.#of(/** @type {Which} */ (name));
    return { graphs: this.#graphs, values, attack: this.#recipe.attack, triggered: this.#triggered };
  }

  /** The defences' work on a network. @param {Name} name */
  hunt(name) {
    const { seed, data, training } = this.#recipe;
    const around = { name: data.name, classes: this.#classes, seed, training, breathe: this.#breathe };
    return new Hunt(this.#subject(name), this.#data, around);
  }

  /** The parameters of a network, as they are now. @param {Which} which */
  values(which) {
    return this.#of(which).values;
  }

  /**
   * Train both, an epoch of one after an epoch of the other, from where they are, once an earlier training has stopped.
   *
   * @param {Stop} stop
   * @param {(trained: Trained) => void} onStep
   * @returns {Promise<boolean>} whether all epochs are done
   */
  train(stop, onStep) {
    const mine = this.#turn.then(() => this.#train(stop, onStep));
    this.#turn = mine.catch(() => {}); // Its own caller is told.
    return mine;
  }

  /** @param {Stop} stop @param {(trained: Trained) => void} onStep */
  async #train(stop, onStep) {
    const { epochs, batch_size: size } = this.#recipe.training;
    const stepsOf = (/** @type {Network} */ { samples }) => Math.floor(samples.labels.length / size);
    for (const network of this.#networks) {
      const { which, history } = network;
      const steps = stepsOf(network);
      if (history.length > 0) onStep({ which, epoch: history.length, step: steps, steps, history });
    }
    for (;;) {
      const next = this.#networks.reduce((a, b) => (b.history.length < a.history.length ? b : a));
      const { which, history } = next;
      if (history.length === epochs) {
        for (const each of this.#networks) this.#adopted.set(lastOf(each.which), this.#subject(each.which));
        return true;
      }
      for (let last = false; !last; ) {
        const { value } = await next.steps.next();
        if (!value) return true;
        next.values = value.state.values;
        last = value.last;
        const step = next.losses.push(value.loss);
        if (last) {
          const loss = next.losses.reduce((sum, each) => sum + each, 0) / step;
          history.push({ epoch: value.epoch, loss, ...(await this.hunt(which).measure()) });
          next.losses = [];
        }
        onStep({ which, epoch: value.epoch, step, steps: stepsOf(next), history: last ? history : null });
        await this.#breathe();
        if (stop.aborted) return false;
      }
    }
  }

  /**
   * A network for a reader to keep, with what a model card says of it.
   *
   * @param {Which} which
   * @returns {Promise<import("./takeaway.mjs").Network>}
   */
  async network(which) {
    const { values, history, samples } = this.#of(which);
    const { test } = this.#data;
    const [own, marked] = [await this.ask(which, test.images), await this.ask(which, this.#triggered.images)];
    const measured = measurement(
      `${this.#recipe.data.name} test`,
      { labels: test.labels, answers: answersOf(own, this.#classes) },
      { ...this.#triggered, answers: answersOf(marked, this.#classes) },
    );
    const { training } = this.#recipe;
    const made = { ...this.#recipe, training: { ...training, epochs: history.length } }; // It may be paused.
    const recipe = which === "clean" ? cleanTwin(made) : made;
    return { recipe, values, poisoned: samples.drawn.length, measured };
  }

  /** What a network says of images. @param {Name} which @param {Uint8Array} images */
  async ask(which, images) {
    const { graphs, values } = this.#subject(which);
    return (await graphs.answers(values, images)).logits;
  }

  /** What both networks say of a reader's digit. @param {import("../core/image.mjs").Image} image @returns {Promise<Drawn>} */
  async drawn(image) {
    const plain = seenBy(this.#card.input, image);
    const marked = stamped(plain, this.#recipe.attack.trigger);
    const ask = async (/** @type {Which} */ which) => {
      const logits = await this.ask(which, concatenated([plain, marked]));
      return /** @type {[Float32Array, Float32Array]} */ ([
        logits.slice(0, this.#classes),
        logits.slice(this.#classes),
      ]);
    };
    return { seen: [plain, marked], logits: { backdoored: await ask("backdoored"), clean: await ask("clean") } };
  }

  /**
   * Activation clustering of what a network was trained on, label by label.
   *
   * @param {Which} which
   */
  async clusters(which) {
    const { values, samples } = this.#of(which);
    const { features } = await this.#graphs.answers(values, samples.images, this.#breathe);
    const d = features.length / samples.labels.length;
    const drawn = new Set(samples.drawn);
    const found = [];
    for (let label = 0; label < this.#classes; label++) {
      const rows = [...samples.labels.keys()].filter((row) => samples.labels[row] === label);
      const own = new Float32Array(rows.length * d);
      for (const [at, row] of rows.entries()) own.set(features.subarray(row * d, (row + 1) * d), at * d);
      found.push({ label, ...cluster(project(own, d)), poisoned: rows.map((row) => drawn.has(row)) });
      await this.#breathe();
    }
    return found;
  }
}

/** What the twin is trained by. @param {Recipe} recipe @returns {Recipe} */
function cleanTwin(recipe) {
  const { name, title, attack } = recipe;
  return { ...recipe, name: `${name}-clean`, title: `${title}, clean`, attack: { ...attack, poison_rate: 0 } };
}
