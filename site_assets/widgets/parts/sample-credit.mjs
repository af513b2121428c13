/** A line below the samples: what to notice in the chosen one, who made it, and its terms. */

import { h } from "./dom.mjs";

/** @typedef {import("../core/config.mjs").Sample} Sample */

/** @param {readonly Sample[]} samples without a credit or a note among them there is no line */
export function sampleCredit(samples) {
  const element = samples.some(({ credit, note }) => credit || note) ? h("p", { class: "ow-credit" }) : null;
  return {
    element,
    /** @param {Sample | null} sample */
    show(sample) {
      const credit = sample?.credit;
      element?.replaceChildren(
        ...(sample?.note ? [h("span", { class: "ow-note" }, sample.note), " "] : []),
        ...(credit ? ["Photo: ", h("a", { href: credit.href }, credit.text)] : []),
      );
    },
  };
}
