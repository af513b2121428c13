/** The search for each class's smallest trigger, shown as it goes: a mask of each class, and a table at the end. */

import { AREA } from "../lab/digits.mjs";
import { anomalyIndices } from "../lab/search.mjs";
import { behind, percent, table } from "./charts.mjs";
import { h } from "./dom.mjs";
import { digit, masked, put } from "./pixels.mjs";

/** @typedef {import("../lab/search.mjs").Found} Found */

/** Rounds between two images of a mask. */
const EVERY = 4;

/** @param {string[]} labels */
export function triggerSearch(labels) {
  const cells = labels.map((label) => {
    const canvas = digit(new Uint8Array(AREA), "");
    const words = h("figcaption", {}, label);
    return { canvas, words, element: h("figure", {}, canvas, words) };
  });
  /** @type {Found[]} */
  const found = [];
  return {
    /** One a class. */
    elements: cells.map(({ element }) => element),
    onProgress(/** @type {Found} */ now) {
      found[now.target] = now;
      if (now.round % EVERY !== 0 && !now.done) return;
      const { canvas, words } = cells[now.target];
      put(canvas, masked(now.trigger));
      words.textContent = `${labels[now.target]}: ${now.size.toFixed(0)} px`;
    },
    /** What was found of each class, and how far its size is from the others', as `details` too. */
    end() {
      const indices = anomalyIndices(found.map(({ size }) => size));
      const rows = found.map(({ size, success }, label) => [
        labels[label],
        size.toFixed(1),
        percent(success),
        indices[label].toFixed(1),
      ]);
      const details = behind(table("Smallest triggers", ["class", "pixels", "turned", "anomaly index"], rows));
      return { found, indices, details };
    },
  };
}
