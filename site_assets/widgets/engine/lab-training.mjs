/** The training of the lab's two networks: begun, paused, resumed, finished, forgotten. Knows no page. */

/** @typedef {import("../lab/experiment.mjs").Epoch} Epoch */
/** @typedef {import("../lab/experiment.mjs").Recipe} Recipe */
/** @typedef {import("../lab/experiment.mjs").Trained} Trained */
/** @typedef {import("../lab/experiment.mjs").Which} Which */
/** @typedef {"idle" | "running" | "paused" | "done"} Phase */
/** @typedef {Record<Which, Epoch[]>} Histories */
/**
 * @typedef {object} Listener
 * @property {() => void} onChange of the phase or the histories
 * @property {(part: number) => void} onProgress 0 to 1
 */

export class LabTraining {
  /** @type {Phase} */
  phase = "idle";
  /** Of the networks; null while there are none. @type {any} */
  recipe = null;
  /** @type {Histories} */
  histories = { backdoored: [], clean: [] };
  #lab;
  #listener;
  /** Aborts when the training is paused or forgotten. */
  #running = new AbortController();
  /** Aborts when the networks are forgotten. */
  #kept = new AbortController();
  /** The networks are being made, in turn. @type {Promise<unknown>} */
  #begun = Promise.resolve();

  /** @param {Pick<import("./lab.mjs").Lab, "open" | "ask">} lab @param {Listener} listener */
  constructor(lab, listener) {
    this.#lab = lab;
    this.#listener = listener;
  }

  /** The last epoch of the network with the backdoor. @returns {Epoch | null} */
  get last() {
    return this.histories.backdoored.at(-1) ?? null;
  }

  /**
   * Train to the end: from where it was paused, or new networks.
   *
   * @param {Recipe} recipe of new networks
   * @returns {Promise<boolean>} whether the end was reached; false if it was paused or forgotten
   * @throws {import("../core/messages.mjs").WidgetError} then the networks are forgotten
   */
  async run(recipe) {
    this.#running = new AbortController();
    const { signal } = this.#running;
    if (this.phase === "idle") {
      this.recipe = recipe;
      this.#kept = new AbortController();
      const before = this.#begun.catch(() => {}); // Its own caller is told.
      this.#begun = before.then(() => this.#lab.open()).then(() => this.#lab.ask("begin", { recipe }));
    }
    this.#enter("running");
    try {
      await this.#begun;
      await this.#lab.ask("train", {}, { signal, onProgress: (trained) => this.#learnt(trained) });
    } catch (error) {
      if (signal.aborted) return false;
      this.forget();
      throw error;
    }
    this.#enter("done");
    return true;
  }

  pause() {
    this.#running.abort();
    if (this.phase === "running") this.#enter("paused");
  }

  /** Give the networks up. */
  forget() {
    this.#running.abort();
    this.#kept.abort();
    this.recipe = null;
    this.histories = { backdoored: [], clean: [] };
    this.#enter("idle");
  }

  /**
   * What a network says of images, as far as it is trained.
   *
   * @param {Which} which
   * @param {Uint8Array} images
   * @returns {Promise<Float32Array>} logits; rejected with `cancelled` once it is forgotten
   */
  ask(which, images) {
    return this.#asked("ask", { which, images });
  }

  /**
   * What both say of a reader's digit, as far as they are trained.
   *
   * @param {import("../core/image.mjs").Image} image
   * @returns {Promise<import("../lab/experiment.mjs").Drawn>} rejected with `cancelled` once they are forgotten
   */
  drawn(image) {
    return this.#asked("drawn", { image });
  }

  /**
   * The networks as a ZIP archive; without poison, the twin would be the same.
   *
   * @returns {Promise<Uint8Array>} rejected with `cancelled` once they are forgotten
   */
  take() {
    const which = /** @type {Which[]} */ (
      this.recipe.attack.poison_rate > 0 ? ["backdoored", "clean"] : ["backdoored"]
    );
    return this.#asked("take", { which });
  }

  /**
   * @template {keyof import("./lab.mjs").Tasks} Type
   * @param {Type} type
   * @param {Parameters<import("./lab.mjs").Tasks[Type]>[0]} request
   */
  async #asked(type, request) {
    const { signal } = this.#kept;
    await this.#begun;
    return this.#lab.ask(type, request, { signal });
  }

  /** The networks take turns, an epoch each. @param {Trained} trained */
  #learnt({ which, epoch, step, steps, history }) {
    const { epochs } = this.recipe.training;
    const before = 2 * (epoch - 1) + Number(which === "clean");
    this.#listener.onProgress((before + step / steps) / (2 * epochs));
    if (!history) return;
    this.histories = { ...this.histories, [which]: history };
    this.#listener.onChange();
  }

  /** @param {Phase} phase */
  #enter(phase) {
    this.phase = phase;
    this.#listener.onChange();
  }
}
