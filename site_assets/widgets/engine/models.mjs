/** The networks that a widget asks: their cards, which of them are shown, and requests to the worker. Knows no page. */

import { fetchCard, maxPixels, modelFile, totalBytes, triggerOwner } from "../core/card.mjs";
import { toWidgetError, WidgetError } from "../core/messages.mjs";
import { published } from "../core/published.mjs";
import { runtimeFiles } from "../core/runtime.mjs";
import { sharedBackends } from "./backends.mjs";
import { takeEarly } from "./early.mjs";
import { Latest } from "./latest.mjs";

/** @typedef {import("./client.mjs").Client} Client */
/** @typedef {import("../core/card.mjs").Card} Card */
/** @typedef {import("../core/config.mjs").ModelRef} ModelRef */
/** @typedef {import("../worker/images.mjs").ImageSource} ImageSource */
/** @typedef {import("../worker/tasks/run.mjs").RunRequest} RunRequest */
/** @typedef {import("../worker/tasks/run.mjs").RunResult} RunResult */
/** @typedef {{url: string, card: Card}} Entry */

const PREVIEW_SIDE = 640;

export class Models {
  /** One a reference, once the cards are here. @type {Entry[]} */
  entries = [];
  /** Chosen by the reader; null leaves it to the page and the cards. @type {string | null} */
  precision = null;
  /** The network shown, where they are not side by side; null shows all. @type {number | null} */
  only = null;
  #client;
  #backends;
  #references;
  #inside;
  #base;
  /** @type {Promise<void> | null} */
  #cards = null;
  /** Keys of the networks that are open in the client's worker of that generation. */
  #open = { generation: 0, keys: new Set() };
  /** @type {Latest<RunRequest, RunResult>} */
  #latest;

  /**
   * @param {readonly ModelRef[]} references
   * @param {Client} client
   * @param {string} base what the cards' addresses are relative to
   * @param {import("./backends.mjs").Backends} [backends]
   * @param {readonly import("../core/inside.mjs").Inside[] | null} [inside] what is shown of their insides, one a reference;
   *   then each has the precision of its reference
   */
  constructor(references, client, base, backends = sharedBackends(), inside = null) {
    this.#inside = inside;
    this.#backends = backends;
    this.#references = references;
    this.#client = client;
    this.#base = base;
    this.#latest = new Latest((request) => this.#run(request));
  }

  /**
   * Fetch the cards, once. After a failure, or when the signal of the caller that began it aborts, the next call
   * fetches them again.
   *
   * @param {AbortSignal} [signal]
   * @returns {Promise<void>}
   */
  loadCards(signal) {
    if (this.#cards) return this.#cards;
    const cards = this.#fetchCards(signal);
    const forget = () => {
      if (this.#cards === cards) this.#cards = null;
    };
    signal?.addEventListener("abort", forget, { once: true });
    cards.then(() => signal?.removeEventListener("abort", forget), forget);
    this.#cards = cards;
    return cards;
  }

  /** @param {AbortSignal} [signal] */
  async #fetchCards(signal) {
    const urls = this.#references.map(({ card }) => new URL(card, this.#base).href);
    const cards = await Promise.all(
      this.#references.map(({ bytes, sha256, signed }, i) =>
        fetchCard({ url: urls[i], bytes, sha256, signed }, { signal }),
      ),
    );
    this.entries = cards.map((card, i) => ({ url: urls[i], card }));
  }

  /** Indices of the networks shown. */
  get shown() {
    return this.only === null ? this.entries.map((_, i) => i) : [this.only];
  }

  /** @param {number} i @returns {import("../core/card.mjs").OpenedFile} */
  fileOf(i) {
    const { card } = this.entries[i];
    const { precision } = this.#references[i];
    const shown = this.#inside?.[i];
    if (!shown) return modelFile(card, this.precision ?? precision);
    const name = new URL(shown.appendix.name, this.#base).href;
    return { ...modelFile(card, precision), inside: { ...shown, appendix: { ...shown.appendix, name } } };
  }

  /** What the worker calls a network. Two cards may name the same file. @param {number} i */
  keyOf(i) {
    const { precision, inside } = this.fileOf(i);
    return [this.#references[i].sha256, precision, inside?.appendix.sha256].filter(Boolean).join(" ");
  }

  /** Download size of the shown networks; layers that they share count once. */
  get bytes() {
    return totalBytes(this.shown.map((i) => this.fileOf(i)));
  }

  /** The trigger that is shown, of the shown networks'. */
  get trigger() {
    const cards = this.shown.map((i) => this.entries[i].card);
    return cards[triggerOwner(cards)]?.trigger ?? null;
  }

  /** @param {number} i */
  #isOpen(i) {
    return this.#open.generation === this.#client.generation && this.#open.keys.has(this.keyOf(i));
  }

  /** Indices of the shown networks that are open. */
  get answering() {
    return this.entries.length > 0 ? this.shown.filter((i) => this.#isOpen(i)) : [];
  }

  /** Whether all shown networks are open. */
  get ready() {
    return this.entries.length > 0 && this.answering.length === this.shown.length;
  }

  /**
   * @param {import("./client.mjs").Options & {onOpened?: () => void}} options `onOpened`: some networks can answer, and
   *   others are still under way
   */
  async open({ onProgress, onOpened, signal } = {}) {
    this.#client.start();
    const backend = this.#backends.chosen;
    const files = runtimeFiles(backend.runtime, published);
    const [arriving] = await Promise.all([takeEarly(backend, signal), this.loadCards(signal)]);
    const models = this.shown.map((i) => {
      const { card, url } = this.entries[i];
      const file = this.fileOf(i);
      return { key: this.keyOf(i), card, file, url: new URL(file.name, url).href };
    });
    let opened = 0;
    const watched = (/** @type {import("./client.mjs").Progress} */ progress) => {
      this.#note(progress.opened);
      onProgress?.(progress);
      if (progress.opened.length > opened && progress.opened.length < models.length) onOpened?.();
      opened = progress.opened.length;
    };
    const transfer = arriving ? [arriving] : [];
    const runtime = { backend, files, arriving };
    try {
      await this.#client.ask("open", { models, runtime }, { onProgress: watched, signal, transfer });
    } catch (error) {
      this.#backends.fallBack(error);
      throw error;
    }
    this.#note(models.map(({ key }) => key));
  }

  /** @param {string[]} opened */
  #note(opened) {
    const { generation } = this.#client;
    const before = this.#open.generation === generation ? this.#open.keys : [];
    this.#open = { generation, keys: new Set([...before, ...opened]) };
  }

  /**
   * @param {ImageSource} source
   * @param {boolean} stamped with the trigger as well as without
   * @param {import("../triggers/placement.mjs").Placement | null} [placement] of a movable trigger
   * @param {number[]} [silenced] channels of networks whose inside is shown
   * @returns {Promise<RunResult & {shown: number[]}>} of the networks that are open; `shown` are their indices. Rejected
   *   with `superseded` when a newer image comes first
   */
  async answer(source, stamped, placement = null, silenced = []) {
    const shown = this.answering;
    const models = shown.map((i) => this.keyOf(i));
    const variants = stamped ? [false, true] : [false];
    const result = await this.#latest.submit({ source, models, variants, trigger: this.trigger, placement, silenced });
    return Object.assign(result, { shown });
  }

  /**
   * An image may have waited while the worker died, and nothing is open in the next worker. It is dropped, because the
   * newest image is asked about once the networks are open again.
   *
   * @param {RunRequest} request
   */
  async #run(request) {
    if (this.answering.length === 0) throw new WidgetError("superseded");
    try {
      return await this.#client.ask("run", request);
    } catch (error) {
      if (this.#backends.fallBack(error)) throw new WidgetError("superseded");
      throw error;
    }
  }

  /** Forget an image that waits for its answer. */
  drop() {
    this.#latest.drop();
  }

  /** The image as the first network is given it, without the trigger. @param {ImageSource} source */
  async look(source) {
    await this.loadCards();
    const [{ card }] = this.entries;
    return this.#image("look", { source, maxPixels: maxPixels(card), pipeline: card.input });
  }

  /** A small copy to show, and the image's own size. @param {ImageSource} source */
  async preview(source) {
    await this.loadCards();
    return this.#image("preview", { source, maxPixels: maxPixels(this.entries[0].card), side: PREVIEW_SIDE });
  }

  /**
   * Ask for what needs no network, again if another widget's network has cost the worker.
   *
   * @template {"look" | "preview"} Type
   * @param {Type} type
   * @param {Parameters<import("./client.mjs").Tasks[Type]>[0]} request
   * @returns {Promise<Awaited<ReturnType<import("./client.mjs").Tasks[Type]>>["result"]>}
   */
  async #image(type, request) {
    for (;;) {
      try {
        return await this.#client.ask(type, request);
      } catch (error) {
        if (toWidgetError(error).code !== "interrupted") throw error;
      }
    }
  }
}
