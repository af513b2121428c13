/**
 * A widget's networks from "not asked for" to answers: loading with progress, cancelling, trying again, and opening them
 * again when the worker dies, be it by another widget's network. Knows no page: an element shows the states.
 */

import { toWidgetError } from "../core/messages.mjs";

/** @typedef {import("./models.mjs").Models} Models */
/** @typedef {import("../worker/meter.mjs").Progress} Progress */
/**
 * @typedef {{name: "idle"}
 *   | {name: "offered", bytes: number}
 *   | {name: "loading", progress: Progress | null}
 *   | {name: "failed", error: unknown}
 *   | {name: "ready"}} State
 *   `offered`: nothing is fetched before the reader asks; `progress` is null before the sizes are known
 */
/**
 * @typedef {object} Listener
 * @property {(state: State) => void} onState
 * @property {() => void} onCards the model cards are here; called once
 * @property {() => void} onReady a network is open, or all are: what waits can be answered
 */

export class Loader {
  /** @type {State} */
  #state = { name: "idle" };
  #models;
  #listener;
  #cardsShown = false;
  /** Of the load in progress. @type {AbortController | null} */
  #loading = null;
  /** The worker died and was started again, and has not answered since. */
  #recovering = false;

  /**
   * @param {Models} models
   * @param {Listener} listener
   */
  constructor(models, listener) {
    this.#models = models;
    this.#listener = listener;
  }

  get state() {
    return this.#state;
  }

  /**
   * The reader is near: load, or offer to.
   *
   * @param {{saveData?: boolean}} [options] `saveData`: the reader's browser asks sites to save data
   */
  async arrive({ saveData = false } = {}) {
    if (this.#loading) return;
    if (!saveData) {
      await this.load();
      return;
    }
    try {
      await this.#loadCards();
    } catch (error) {
      this.#enter({ name: "failed", error });
      return;
    }
    if (this.#loading) return;
    if (this.#models.ready) await this.load();
    else this.#enter({ name: "offered", bytes: this.#models.bytes });
  }

  /** Fetch and open the networks. A load in progress gives way to this one. */
  async load() {
    this.#loading?.abort();
    const controller = new AbortController();
    this.#loading = controller;
    const { signal } = controller;
    const current = () => this.#loading === controller;
    this.#enter({ name: "loading", progress: null });
    try {
      await this.#loadCards(signal);
      await this.#models.open({
        signal, // Once it is aborted, no progress follows.
        onProgress: (progress) => this.#enter({ name: "loading", progress }),
        onOpened: () => this.#listener.onReady(),
      });
      if (!current()) return;
      this.#enter({ name: "ready" });
    } catch (error) {
      if (!current()) return;
      if (toWidgetError(error).code === "interrupted") {
        await this.load();
        return;
      }
      this.#enter({ name: "failed", error });
    }
    this.#loading = null;
    if (this.#models.ready) this.#listener.onReady();
  }

  /** Load again after a change of networks, unless the new ones are open already. */
  reload() {
    if (this.#loading || !this.#models.ready) this.load();
  }

  /** The reader stops the load in progress. */
  cancel() {
    this.#loading?.abort();
  }

  /** The element left the page: nothing is loaded or answered for it. */
  leave() {
    this.#loading?.abort();
    this.#loading = null;
    this.#models.drop();
  }

  /**
   * @param {Parameters<Models["answer"]>} request
   * @returns {Promise<Awaited<ReturnType<Models["answer"]>> | null>} null when a newer request took its place, or while the
   *   networks are not open; then `onReady` follows when they are
   * @throws {import("../core/messages.mjs").WidgetError} what is wrong with the image
   */
  async answer(...request) {
    if (this.#models.answering.length === 0) {
      if (this.#state.name === "ready") this.load(); // The worker has died since.
      return null;
    }
    try {
      const result = await this.#models.answer(...request);
      this.#recovering = false;
      return result;
    } catch (error) {
      const { code } = toWidgetError(error);
      if (code === "crashed") this.#recover(error);
      else if (code === "interrupted") this.load();
      else if (code === "endless") this.#enter({ name: "failed", error });
      else if (code !== "superseded") throw error;
      return null;
    }
  }

  /** Open the networks in a new worker; but if that one died as well, leave it to the reader. @param {unknown} error */
  #recover(error) {
    if (this.#recovering) {
      this.#enter({ name: "failed", error });
      return;
    }
    this.#recovering = true;
    this.load();
  }

  /** @param {AbortSignal} [signal] */
  async #loadCards(signal) {
    await this.#models.loadCards(signal);
    if (this.#cardsShown) return;
    this.#cardsShown = true;
    this.#listener.onCards();
  }

  /** @param {State} state */
  #enter(state) {
    this.#state = state;
    this.#listener.onState(state);
  }
}
