/** STRIP: images laid over each input. */

import { auroc, boundary, INPUTS, OVERLAYS } from "../../../lab/strip.mjs";
import { judged, planted } from "../../../lab/verdicts.mjs";
import { histogram } from "../../../parts/charts.mjs";

/** AUROC above which STRIP counts as having found a trigger, and below which it accuses nobody. */
const FINDS = 0.9;
const SILENT = 0.7;

/** @type {import("./registry.mjs").Defence} */
export const strip = {
  title: "Lay images over the input",
  idea: `Lay ${OVERLAYS} clean images over each input, one at a time (STRIP). Answers to a clean input vary, which is a high entropy; a trigger keeps them the same.`,
  verb: "Lay over",
  async run(lab, { card }, of) {
    /** @type {Record<import("../../../lab/strip.mjs").Kind, number[]>} */
    const seen = { own: [], clean: [], triggered: [], drawn: [] };
    const end = Math.log2(card.labels.length);
    const draw = (/** @type {number | null} */ bound) => {
      const chart = histogram(
        "Entropy of the answers to an input under overlays",
        "bits",
        Number(end.toFixed(1)),
        [
          { name: "clean inputs", kind: "clean", values: seen.clean },
          { name: "inputs with the trigger", kind: "bad", values: seen.triggered },
        ],
        bound,
      );
      of.stage.replaceChildren(chart);
    };
    await lab.ask(
      "strip",
      { which: of.which, own: of.own },
      {
        signal: of.signal,
        onProgress: (/** @type {import("../../../lab/strip.mjs").Judged} */ { kind, entropy }) => {
          seen[kind].push(entropy);
          if (seen[kind].length % 10 === 0) draw(null);
        },
      },
    );
    const bound = boundary(seen.own);
    draw(bound);
    const below = (/** @type {number[]} */ values) => values.filter((value) => value < bound).length;
    const [caught, wrongly] = [below(seen.triggered), below(seen.clean)];
    const score = auroc(seen.triggered, seen.clean);
    const shares = `Below its limit of ${bound.toFixed(2)} bits, where 1\u00a0% of clean inputs should lie: ${caught} of ${Math.min(INPUTS, seen.triggered.length)} inputs with the trigger, ${wrongly} of ${seen.clean.length} clean ones. AUROC ${score.toFixed(2)}.`;
    const [plain, marked] = seen.drawn;
    const side = (/** @type {number} */ bits) =>
      `${bits.toFixed(2)} bits, ${bits < bound ? "below" : "above"} the limit`;
    const own = of.own ? ` Your own digit: ${side(plain)}; with the trigger ${side(marked)}.` : "";
    return {
      verdict: `${shares}${own} ${judged(planted(of) ? score > FINDS : score < SILENT, planted(of))}`,
      numbers: { bound, caught, wrongly, auroc: score },
    };
  },
};
