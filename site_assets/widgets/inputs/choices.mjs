/** What a reader chooses, one picture after the other: a sample's file, and which choice is the newest. */

import { fetchSmall } from "../core/fetch.mjs";

/** @typedef {import("../core/config.mjs").Config} Config */

/** Counts choices: what is still being fetched or decoded when there is something newer comes too late. */
export class Choices {
  #newest = 0;

  /**
   * @param {boolean} [restored] by the page: it comes too late once the reader has chosen anything
   * @returns {number} to ask `isNewest` with
   */
  take(restored = false) {
    return restored ? 0 : ++this.#newest;
  }

  /** @param {number} choice */
  isNewest(choice) {
    return choice === this.#newest;
  }
}

/**
 * The file of a sample.
 *
 * @param {Config} config
 * @param {number} index
 * @throws {import("../core/messages.mjs").WidgetError} what `fetchSmall` throws
 */
export async function sampleFile(config, index) {
  const url = new URL(config.samples[index].src, document.baseURI).href;
  return new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (await fetchSmall({ url, what: "the sample" }))]);
}
