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
  const rows = card.labels.map((_, label) => [...training.labels.keys()].filter((at) => training.labels[at] === label));
  const columns = Math.min(PER_CLASS, ...rows.map((row) => row.length));
  const shown = rows.flatMap((row) => row.slice(0, columns));
  const images = concatenated(shown.map((at) => imageAt(training.images, at)));
  const what = card.data.side < SIDE ? "Handwritten digits" : `The images of “${card.data.title}”`;
  const count = (/** @type {Uint8Array} */ labels) => labels.length.toLocaleString("en");
  const element = h(
    "div",
    {},
    h(
      "p",
      {},
      `${what}, ${SIDE} by ${SIDE} pixels. The network learns from `,
      h("strong", {}, count(training.labels)),
      " of them. You, its owner, trust ",
      h("strong", {}, count(validation.labels)),
      " others, and ",
      h("strong", {}, count(test.labels)),
      " more are for measuring alone.",
    ),
    sheet(images, columns, `${columns} training images of each class, a class a row: ${card.labels.join(", ")}`),
  );
  return { element, show: () => {} };
}
