/** Neural Cleanse: a search for each class's smallest trigger. */

import { AREA } from "../../../lab/digits.mjs";
import { stamped } from "../../../lab/poison.mjs";
import { anomalyIndices, SUSPICIOUS } from "../../../lab/search.mjs";
import { accusation, planted, suspicion } from "../../../lab/verdicts.mjs";
import { behind, percent, table } from "../../../parts/charts.mjs";
import { h } from "../../../parts/dom.mjs";
import { digit, masked, put } from "../../../parts/pixels.mjs";

/** @typedef {import("../../../lab/search.mjs").Found} Found */

/** @type {import("./registry.mjs").Defence} */
export const search = {
  title: "Search for the trigger",
  idea: "For each class, search for the smallest mark that turns every image into it (Neural Cleanse). A class that needs far less than the others is suspicious.",
  verb: "Search",
  async run(lab, { card, data }, of) {
    const black = new Uint8Array(AREA);
    const cells = card.labels.map((label) => {
      const canvas = digit(black, "");
      const words = h("figcaption", {}, label);
      return { canvas, words, element: h("figure", {}, canvas, words) };
    });
    const { trigger } = of.recipe.attack;
    const own = h(
      "figure",
      { class: "bl-true" },
      digit(stamped(black, trigger), ""),
      h("figcaption", {}, of.recipe.seed === undefined ? "its own" : "yours"),
    );
    of.stage.append(h("div", { class: "bl-masks" }, ...cells.map(({ element }) => element), own));
    /** @type {Found[]} */
    const found = [];
    await lab.ask(
      "search",
      { which: of.which },
      {
        signal: of.signal,
        onProgress: (/** @type {Found} */ now) => {
          found[now.target] = now;
          if (now.round % 4 !== 0 && !now.done) return;
          const { canvas, words } = cells[now.target];
          put(canvas, masked(now.trigger));
          words.textContent = `${card.labels[now.target]}: ${now.size.toFixed(0)} px`;
        },
      },
    );
    const sizes = found.map(({ size }) => size);
    const indices = anomalyIndices(sizes);
    const suspects = [...indices.keys()].filter((label) => indices[label] > SUSPICIOUS);
    for (const label of suspects) cells[label].element.classList.add("bl-suspect");
    const rows = found.map((one, label) => [
      card.labels[label],
      one.size.toFixed(1),
      percent(one.success),
      indices[label].toFixed(1),
    ]);
    of.stage.append(behind(table("Smallest triggers", ["class", "pixels", "turned", "anomaly index"], rows)));
    const { label_map: rule } = of.recipe.attack;
    const targets = rule.kind === "all-to-one" ? [rule.target] : [...card.labels.keys()];
    const said = suspects.length > 0 ? suspicion(["class", "classes"], suspects, card.labels) : "No class is suspected";
    const verdict = accusation(planted(of) ? targets : [], suspects, card.labels);
    return {
      verdict: `${said} (an anomaly index above ${SUSPICIOUS}, from ${data.validation.labels.length} clean images). ${verdict}`,
      numbers: { sizes, success: found.map(({ success }) => success), indices },
    };
  },
};
