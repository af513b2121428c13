/** The tests of one network, each with what it shows and the sentence that it ends with. */

import { SUSPICIOUS } from "../../lab/search.mjs";
import { boundary } from "../../lab/strip.mjs";
import { ASKED, INPUTS } from "../../lab/suspects.mjs";
import { histogram, percent } from "../../parts/charts.mjs";
import { h } from "../../parts/dom.mjs";
import { triggerSearch } from "../../parts/trigger-search.mjs";

/** @typedef {import("../../lab/strip.mjs").Judged} Judged */
/** @typedef {"accuracy" | "strip" | "search"} Name */
/**
 * @typedef {object} Case
 * @property {import("../../engine/lab.mjs").Lab} lab
 * @property {import("../../worker/lab/bench.mjs").LabCard} card
 * @property {number} which network
 * @property {AbortSignal} signal
 * @property {HTMLElement} stage where the test shows itself
 */
/** @typedef {{verb: string, idea: string, run: (on: Case) => Promise<string>}} Test */

/** @type {Record<Name, Test>} */
export const TESTS = {
  accuracy: {
    verb: "Accuracy",
    idea: `Asks the network about ${ASKED} test digits.`,
    async run({ lab, which, signal }) {
      const right = await lab.ask("accuracyOf", { which }, { signal });
      return `Right about ${percent(right)} of ${ASKED} test digits.`;
    },
  },
  strip: {
    verb: "STRIP",
    idea: `Lays clean digits over each of ${INPUTS} inputs that came in while the network was in use. Answers to a clean input then vary, which is a high entropy. If the network has a backdoor, some inputs carry the trigger, which keeps their answers the same.`,
    async run({ lab, card, which, signal, stage }) {
      /** @type {{own: number[], clean: number[]}} */
      const seen = { own: [], clean: [] };
      const draw = (/** @type {number | null} */ bound) => {
        const title = "Entropy of the answers to an input under overlays";
        const end = Number(Math.log2(card.labels.length).toFixed(1));
        const series = /** @type {import("../../parts/charts.mjs").Bars[]} */ ([
          { name: "images that you trust", kind: "clean", values: seen.own },
          { name: "what came in", kind: "bad", values: seen.clean },
        ]);
        stage.replaceChildren(histogram(title, "bits", end, series, bound));
      };
      const onProgress = (/** @type {Judged} */ { kind, entropy }) => {
        const values = kind === "own" ? seen.own : seen.clean;
        values.push(entropy);
        if (values.length % 10 === 0) draw(null);
      };
      await lab.ask("stripIn", { which }, { signal, onProgress });
      const bound = boundary(seen.own);
      draw(bound);
      const below = (/** @type {number[]} */ values) => values.filter((value) => value < bound).length;
      return `${below(seen.clean)} of ${seen.clean.length} inputs fell below the limit, ${bound.toFixed(2)} bits; of the ${seen.own.length} images that you trust, ${below(seen.own)}.`;
    },
  },
  search: {
    verb: "Search",
    idea: "Searches, for each class, for the smallest mark that turns every digit into it (Neural Cleanse). A class that needs far fewer pixels than the others is suspicious.",
    async run({ lab, card, which, signal, stage }) {
      const shown = triggerSearch(card.labels);
      stage.replaceChildren(h("div", { class: "bl-masks" }, ...shown.elements));
      await lab.ask("searchIn", { which }, { signal, onProgress: shown.onProgress });
      const { found, indices, details } = shown.end();
      stage.append(details);
      const most = indices.indexOf(Math.max(...indices));
      const size = Math.round(found[most].size);
      return `Class ${card.labels[most]} stands out most: ${size} ${size === 1 ? "pixel" : "pixels"}, an anomaly index of ${indices[most].toFixed(1)}. Above ${SUSPICIOUS} is suspicious.`;
    },
  },
};
