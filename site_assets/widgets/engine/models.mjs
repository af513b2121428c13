/** A demo's models: their cards, their loading, and live answers. Knows the client, not the page's elements. */

import { fetchCard, maxPixels, modelFile, totalBytes } from "../core/card.mjs";
import { WidgetError } from "../core/messages.mjs";
import { Latest } from "./latest.mjs";

/** @typedef {import("./client.mjs").Client} Client */
/** @typedef {import("../core/card.mjs").Card} Card */
/** @typedef {import("../core/config.mjs").Config} Config */
/** @typedef {import("../worker/inference.mjs").RunRequest} RunRequest */
/** @typedef {import("../worker/inference.mjs").RunResult} RunResult */
/** @typedef {import("../worker/images.mjs").Source} Source */
/** @typedef {{url: string, card: Card}} Entry */

const PREVIEW_SIDE = 640;

export class Engine {
  /** @type {Entry[]} */
  entries = [];
  /** Chosen by the reader; null leaves it to the page and the cards. @type {string | null} */
  precision = null;
  /** The network shown, where they are not side by side; null shows all. @type {number | null} */
  only = null;
  #client;
  #config;
  #base;
  /** @type {Promise<void> | null} */
  #cards = null;
  /** Keys of the networks that are open in the client's worker of that generation. */
  #open = { generation: 0, keys: new Set() };
  /** @type {Latest<RunRequest, RunResult>} */
  #latest;

  /**
   * @param {Config} config
   * @param {Client} client
   * @param {string} base what the cards' addresses are relative to
   */
  constructor(config, client, base) {
    this.#config = config;
    this.#client = client;
    this.#base = base;
    this.#latest = new Latest((request) => this.#run(request));
  }

  /** Fetch the cards, once. @returns {Promise<void>} */
  loadCards() {
    this.#cards ??= this.#fetchCards().catch((error) => {
      this.#cards = null;
      throw error;
    });
    return this.#cards;
  }

  async #fetchCards() {
    const urls = this.#config.models.map(({ card }) => new URL(card, this.#base).href);
    const cards = await Promise.all(urls.map((url) => fetchCard(url)));
    this.entries = cards.map((card, i) => ({ url: urls[i], card }));
  }

  /** The shown networks' places in the config. */
  get shown() {
    return this.only === null ? this.entries.map((_, i) => i) : [this.only];
  }

  /** @param {number} i */
  fileOf(i) {
    return modelFile(this.entries[i].card, this.precision ?? this.#config.models[i].precision);
  }

  get modelBytes() {
    return totalBytes(this.shown.map((i) => this.fileOf(i)));
  }

  /** The trigger that the view outlines: that of the first shown network that has one. */
  get trigger() {
    return this.shown.map((i) => this.entries[i].card.trigger).find(Boolean) ?? null;
  }

  get ready() {
    const { generation, keys } = this.#open;
    const loaded = this.entries.length > 0 && generation === this.#client.generation;
    return loaded && this.shown.every((i) => keys.has(this.fileOf(i).sha256));
  }

  /**
   * @param {{onProgress: (progress: import("../worker/sessions.mjs").Progress) => void, signal: AbortSignal}} options
   */
  async open(options) {
    await this.loadCards();
    const models = this.shown.map((i) => {
      const { card, url } = this.entries[i];
      const file = this.fileOf(i);
      return { card, file, url: new URL(file.name, url).href };
    });
    await this.#client.open(models, options);
    const { generation } = this.#client;
    const before = this.#open.generation === generation ? this.#open.keys : [];
    this.#open = { generation, keys: new Set([...before, ...models.map(({ file }) => file.sha256)]) };
  }

  /**
   * @param {Source} source
   * @param {boolean} stamped
   * @param {import("../triggers/placement.mjs").Placement | null} [placement] of an overlay
   * @returns {Promise<RunResult>} rejected with `superseded` when a newer picture comes first
   */
  answer(source, stamped, placement = null) {
    const models = this.shown.map((i) => this.fileOf(i).sha256);
    return this.#latest.submit({ source, models, variants: stamped ? [false, true] : [false], placement });
  }

  /**
   * A picture may have waited while the worker died: the next worker has nothing open. It is given up, since whoever
   * opens the networks again asks for the newest picture then.
   *
   * @param {RunRequest} request
   */
  async #run(request) {
    if (!this.ready) throw new WidgetError("superseded");
    return this.#client.run(request);
  }

  /** Forget a picture that waits for its answer. */
  drop() {
    this.#latest.drop();
  }

  /** The picture as the first network will see it, without the trigger. @param {Source} source */
  async look(source) {
    await this.loadCards();
    const [{ card }] = this.entries;
    return this.#client.look({ source, maxPixels: maxPixels(card), pipeline: card.input });
  }

  /** @param {Source} source */
  async preview(source) {
    await this.loadCards();
    return this.#client.preview({ source, maxPixels: maxPixels(this.entries[0].card), side: PREVIEW_SIDE });
  }
}
