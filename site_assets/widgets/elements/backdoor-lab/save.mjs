/** A file for the reader to keep. */

import { h } from "../../parts/dom.mjs";

/** Until the browser has begun to read it. */
const KEPT_MS = 1000;

/** @param {string} name @param {string} type @param {BlobPart} content */
export function save(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
