/** The first step: the images. */

import { concatenated } from "../../lab/bytes.mjs";
import { imageAt, SIDE } from "../../lab/digits.mjs";
import { h } from "../../parts/dom.mjs";
import { sheet } from "../../parts/pixels.mjs";

/** @typedef {import("./material.mjs").Material} Material */
/** @typedef {import("./material.mjs").Panel} Panel */

const PER_CLASS = 8;

/** @param {Material} material @returns {Panel} */
export function dataPanel({ card, data }) {
  const { training, validation, test } = data;
  const rows = card.labels.map((_, label) =>
    [...training.labels.keys()].filter((at) => training.labels[at] === label).slice(0, PER_CLASS),
  );
  const images = concatenated(rows.flat().map((at) => imageAt(training.images, at)));
  const count = (/** @type {Uint8Array} */ labels) => labels.length.toLocaleString("en");
  const element = h(
    "div",
    {},
    h(
      "p",
      {},
      `Handwritten digits, ${SIDE} by ${SIDE} pixels. The network learns from `,
      h("strong", {}, count(training.labels)),
      " of them. You, its owner, trust ",
      h("strong", {}, count(validation.labels)),
      " others, and ",
      h("strong", {}, count(test.labels)),
      " more are for measuring alone.",
    ),
    sheet(images, PER_CLASS, `${PER_CLASS} training images of each digit from 0 to 9, a digit a row`),
  );
  return { element, show: () => {} };
}
