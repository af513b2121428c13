/** Networks that a page offers to the lab beside those that the reader trains: each is fetched when it is chosen. Knows no page. */

import { toWidgetError, WidgetError } from "../core/messages.mjs";
import { isHash } from "../core/sha256.mjs";

/** @typedef {import("../lab/poison.mjs").Attack} Attack */
/** @typedef {import("../core/published.mjs").Published & {url: string}} Own a lab's card */
/** @typedef {{name: string, title: string, card: string, bytes: number, sha256: string, precision: string, weights: number}} Reference `bytes` and `sha256` are the card's, `weights` the size of its file of that precision */

/** @param {string | null} text of the element's `config` @returns {any} @throws {WidgetError} config */
function readConfig(text) {
  try {
    return JSON.parse(text ?? "{}");
  } catch (error) {
    throw new WidgetError("config", { found: "Its config attribute is not JSON" }, { cause: error });
  }
}

/**
 * The card of a lab of the page's own; null for the widgets'.
 *
 * @param {string | null} text of the element's `config`
 * @param {string} base what its address is relative to
 * @returns {Own | null}
 * @throws {WidgetError} config
 */
export function readOwn(text, base) {
  const own = readConfig(text)?.data ?? null;
  if (own === null) return null;
  if (typeof own.card !== "string" || !isHash(own.sha256) || !(own.bytes > 0))
    throw new WidgetError("config", { found: "Its config names a lab’s card without its size and SHA-256" });
  return { url: new URL(own.card, base).href, bytes: own.bytes, sha256: own.sha256 };
}

/**
 * What a page offers.
 *
 * @param {string | null} text of the element's `config`
 * @returns {Reference[]}
 * @throws {WidgetError} config
 */
export function readReferences(text) {
  const models = readConfig(text)?.models ?? [];
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
   * Fetch a network, unless it is here. What fails, or is given up, can be tried again; one that someone else gives up is
   * fetched for who still wants it.
   *
   * @param {string} name
   * @param {AbortSignal} signal
   * @returns {Promise<Attack>} what was done to its training images
   * @throws {import("../core/messages.mjs").WidgetError}
   */
  async adopt(name, signal) {
    for (let before = this.#adopted.get(name); before; before = this.#adopted.get(name)) {
      const isGivenUp = (/** @type {unknown} */ error) => toWidgetError(error).code === "cancelled" && !signal.aborted;
      const found = await before.catch((error) => {
        if (!isGivenUp(error)) throw error;
        return null;
      });
      if (found) return found;
    }
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
