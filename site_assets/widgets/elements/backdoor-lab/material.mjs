/** What the steps of the lab have in common: their images, and what a step is. */

import { imageAt } from "../../lab/digits.mjs";

/** @typedef {import("../../lab/setup.mjs").Setup} Setup */
/** @typedef {Pick<import("../../worker/lab/bench.mjs").Bench, "card" | "data">} Material */
/** @typedef {(change: Partial<Setup>) => void} Change */
/** @typedef {{element: HTMLElement, show: (setup: Setup) => void}} Panel */

/** What the gallery's triggers are called. @type {Record<string, string>} */
export const TITLES = {
  patch: "White square",
  pixel: "One pixel",
  blend: "Blended rings",
  warp: "Warped",
  sinusoid: "Stripes",
  paint: "Your own",
};

/** The first test image of each class. @param {Material} material */
export function oneOfEach({ card, data: { test } }) {
  return card.labels.map((_, label) => imageAt(test.images, test.labels.indexOf(label)));
}
