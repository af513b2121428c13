/** Networks that are open, kept while the worker lives: one session for each model file, whichever cards name it. */

import { fileParts } from "../core/card.mjs";
import { requireFit } from "./fit.mjs";

/** @typedef {import("onnxruntime-web").InferenceSession} Session */
/**
 * @typedef {object} ModelSpec
 * @property {string} key names the network: one card's file of one precision
 * @property {import("../core/card.mjs").Card} card
 * @property {import("../core/card.mjs").OpenedFile} file
 * @property {string} url the file's
 */
/** @typedef {{card: import("../core/card.mjs").Card, session: Session, inside: import("../core/inside.mjs").Inside | null}} Opened */

export class Networks {
  /** By key. @type {Map<string, Opened>} */
  #opened = new Map();
  /** By the SHA-256 of a file, of the layers that it shares and of its appendix. @type {Map<string, Session>} */
  #sessions = new Map();

  /** @param {string} key */
  has(key) {
    return this.#opened.has(key);
  }

  /** @param {string} key @returns {Opened | undefined} */
  get(key) {
    return this.#opened.get(key);
  }

  /**
   * @param {ModelSpec} model
   * @param {() => Promise<Session>} start a session for its file; called unless there is one
   * @throws {import("../core/messages.mjs").WidgetError} unfit
   */
  async add({ key, card, file }, start) {
    const parts = fileParts(file)
      .map(({ sha256 }) => sha256)
      .join(" ");
    const session = this.#sessions.get(parts) ?? (await start());
    this.#sessions.set(parts, session);
    const { inside = null } = file;
    requireFit(card, session, inside);
    this.#opened.set(key, { card, session, inside });
  }
}
