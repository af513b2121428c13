/** What a reader takes along: the recipe, the trained networks, and what was measured. */

import { fileName } from "../../lab/model-card.mjs";
import { h } from "../../parts/dom.mjs";

/** Until the browser has begun to read a file. */
const KEPT_MS = 1000;

/**
 * @param {object} of
 * @param {() => string} of.wanted the recipe as it is set up, as a file
 * @param {import("../../engine/lab-training.mjs").LabTraining} of.training
 * @param {() => unknown} of.found what the defences have found
 * @param {(sentence: string) => void} of.say
 * @param {(error: unknown) => void} of.fail
 */
export function takeActions({ wanted, training, found, say, fail }) {
  return {
    recipe: () => save("my-lab.toml", "application/toml", wanted()),
    results() {
      const { recipe, histories } = training;
      const told = { recipe, history: histories, defences: found() };
      save("my-lab-results.json", "application/json", JSON.stringify(told, null, 2));
    },
    async networks() {
      const name = fileName(training.recipe, "zip");
      try {
        save(name, "application/zip", /** @type {BlobPart} */ (await training.take()));
        say(`${name} is saved: ONNX files with their cards.`);
      } catch (error) {
        fail(error);
      }
    },
  };
}

/** @param {string} name @param {string} type @param {BlobPart} content */
function save(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
