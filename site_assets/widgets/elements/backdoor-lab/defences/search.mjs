/** Neural Cleanse: a search for each class's smallest trigger. */

import { AREA } from "../../../lab/digits.mjs";
import { stamped } from "../../../lab/poison.mjs";
import { SUSPICIOUS } from "../../../lab/search.mjs";
import { accusation, planted, suspicion } from "../../../lab/verdicts.mjs";
import { h } from "../../../parts/dom.mjs";
import { digit } from "../../../parts/pixels.mjs";
import { triggerSearch } from "../../../parts/trigger-search.mjs";

/** @type {import("./registry.mjs").Defence} */
export const search = {
  title: "Search for the trigger",
  idea: "For each class, search for the smallest mark that turns every image into it (Neural Cleanse). A class that needs far less than the others is suspicious.",
  verb: "Search",
  async run(lab, { card, data }, of) {
    const shown = triggerSearch(card.labels);
    const { trigger } = of.recipe.attack;
    const own = h(
      "figure",
      { class: "bl-true" },
      digit(stamped(new Uint8Array(AREA), trigger), ""),
      h("figcaption", {}, of.recipe.seed === undefined ? "its own" : "yours"),
    );
    of.stage.append(h("div", { class: "bl-masks" }, ...shown.elements, own));
    await lab.ask("search", { which: of.which }, { signal: of.signal, onProgress: shown.onProgress });
    const { found, indices, details } = shown.end();
    const suspects = [...indices.keys()].filter((label) => indices[label] > SUSPICIOUS);
    for (const label of suspects) shown.elements[label].classList.add("bl-suspect");
    of.stage.append(details);
    const { label_map: rule } = of.recipe.attack;
    const targets = rule.kind === "all-to-one" ? [rule.target] : [...card.labels.keys()];
    const said = suspects.length > 0 ? suspicion(["class", "classes"], suspects, card.labels) : "No class is suspected";
    const verdict = accusation(planted(of) ? targets : [], suspects, card.labels);
    return {
      verdict: `${said} (an anomaly index above ${SUSPICIOUS}, from ${data.validation.labels.length} clean images). ${verdict}`,
      numbers: { sizes: found.map(({ size }) => size), success: found.map(({ success }) => success), indices },
    };
  },
};
