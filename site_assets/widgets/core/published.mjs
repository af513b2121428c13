/**
 * Sizes and hashes of the widgets' own files that a browser checks no hash of: the worker's modules, and the runtime. A site's
 * build writes this list (`site_src/plugin/runtime.py`); a working copy's is empty, so nothing can be checked and nothing
 * runs. The browser checks this module itself, by the hash in the page.
 */

import { WidgetError } from "./messages.mjs";

/** @typedef {{bytes: number, sha256: string}} Published */

/** By the address below the folder of the widgets' files. @type {Record<string, Published>} */
export const PUBLISHED = {};

/**
 * @param {string} address
 * @param {string} what what a reader calls it
 * @throws {WidgetError} unlisted
 */
export function published(address, what) {
  if (!Object.hasOwn(PUBLISHED, address)) throw new WidgetError("unlisted", { what });
  return PUBLISHED[address];
}

/**
 * Files, to be fetched.
 *
 * @param {(address: string) => boolean} isWanted
 * @param {URL} root
 * @throws {WidgetError} unlisted
 */
export function publishedFiles(isWanted, root) {
  const found = Object.entries(PUBLISHED).filter(([address]) => isWanted(address));
  if (found.length === 0) throw new WidgetError("unlisted", { what: "the page’s program" });
  return found.map(([address, file]) => ({ url: new URL(address, root).href, ...file }));
}
