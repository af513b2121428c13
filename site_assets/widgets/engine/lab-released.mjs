/** Networks that a page offers to the lab beside those that the reader trains: each is fetched when it is chosen. Knows no page. */

import { WidgetError } from "../core/messages.mjs";
import { isHash } from "../core/sha256.mjs";

/** @typedef {import("../lab/poison.mjs").Attack} Attack */
/** @typedef {{name: string, title: string, card: string, bytes: number, sha256: string, precision: string, weights: number}} Reference `bytes` and `sha256` are the card's, `weights` the size of its file of that precision */

/**
 * What a page offers.
 *
 * @param {string | null} text of the element's `config`
 * @returns {Reference[]}
 * @throws {WidgetError} config
 */
export function readReferences(text) {
  /** @type {any} */
  let given;
  try {
    given = JSON.parse(text ?? "{}");
  } catch (error) {
    throw new WidgetError("config", { found: "Its config attribute is not JSON" }, { cause: error });
  }
  const models = given?.models ?? [];
  const isReference = (/** @type {any} */ one) =>
    [one?.name, one?.title, one?.card].every((each) => typeof each === "string") && isHash(one.sha256) && one.bytes > 0;
  if (!Array.isArray(models) || !models.every(isReference)) {
    throw new WidgetError("config", { found: "Its config names a model card without its size and SHA-256" });
  }
  return models;
}

export class Released {
  references;
  #lab;
  #base;
  /** By name. @type {Map<string, Promise<Attack>>} */
  #adopted = new Map();

  /**
   * @param {Pick<import("./lab.mjs").Lab, "open" | "ask">} lab
   * @param {readonly Reference[]} references
   * @param {string} base what the cards' addresses are relative to
   */
  constructor(lab, references, base) {
    this.#lab = lab;
    this.references = references;
    this.#base = base;
  }

  /** @param {string} name */
  find(name) {
    return this.references.find((each) => each.name === name) ?? null;
  }

  /**
   * Fetch a network, unless it is here. What fails, or is given up, can be tried again.
   *
   * @param {string} name
   * @param {AbortSignal} signal
   * @returns {Promise<Attack>} what was done to its training images
   * @throws {import("../core/messages.mjs").WidgetError}
   */
  adopt(name, signal) {
    const before = this.#adopted.get(name);
    if (before) return before;
    const adopted = this.#fetch(/** @type {Reference} */ (this.find(name)), signal);
    this.#adopted.set(name, adopted);
    adopted.catch(() => this.#adopted.get(name) === adopted && this.#adopted.delete(name));
    return adopted;
  }

  /** @param {Reference} reference @param {AbortSignal} signal */
  async #fetch({ name, card, bytes, sha256, precision }, signal) {
    await this.#lab.open();
    const file = { url: new URL(card, this.#base).href, bytes, sha256 };
    return this.#lab.ask("adopt", { name, card: file, precision }, { signal });
  }

  /** The worker has ended, and its networks with it. */
  forget() {
    this.#adopted.clear();
  }
}
