/** Activation clustering: the training images of each label in two clusters. */

import { LARGEST_FRACTION, LEAST_SILHOUETTE } from "../../../lab/clusters.mjs";
import { accusation, suspicion } from "../../../lab/verdicts.mjs";
import { behind, percent, scatter, table } from "../../../parts/charts.mjs";
import { h } from "../../../parts/dom.mjs";

/** @type {[string, string]} */
const KINDS = ["the smaller cluster of label", "the smaller clusters of labels"];

/** @type {import("./registry.mjs").Defence} */
export const clusters = {
  title: "Cluster the training images",
  idea: "Look at what the network makes of the training images of one label (activation clustering). Poisoned ones got there for another reason, and lie apart.",
  verb: "Cluster",
  needsTraining: true,
  async run(lab, { card }, of) {
    const found = await lab.ask(
      "clusters",
      { which: /** @type {import("../../../lab/experiment.mjs").Which} */ (of.which) },
      { signal: of.signal },
    );
    const suspects = found.filter(
      ({ fraction, silhouette }) => fraction < LARGEST_FRACTION && silhouette > LEAST_SILHOUETTE,
    );
    const reveal = h("input", { type: "checkbox" });
    const plots = h("div", { class: "bl-scatters" });
    const draw = () => {
      plots.replaceChildren(
        ...found.map(({ label, points, second, fraction, poisoned }) => {
          const bad = poisoned.map((is) => is && reveal.checked);
          const name = card.labels[label];
          const title = `Training images with the label ${name}, by their features; ${percent(fraction)} in the smaller cluster`;
          const words = h("figcaption", {}, `${name}: ${percent(fraction)} apart`);
          return h(
            "figure",
            { class: suspects.some((one) => one.label === label) ? "bl-suspect" : null },
            scatter(title, points, bad, second),
            words,
          );
        }),
      );
    };
    reveal.addEventListener("change", draw);
    draw();
    const rows = found.map(({ label, fraction, silhouette, poisoned, second }) => [
      card.labels[label],
      percent(fraction),
      silhouette.toFixed(2),
      poisoned.filter(Boolean).length,
      second.filter((is, i) => is && poisoned[i]).length,
    ]);
    of.stage.append(
      h("label", { class: "bl-check" }, reveal, "Show which images are poisoned"),
      plots,
      behind(
        table("Two clusters a label", ["label", "smaller cluster", "silhouette", "poisoned", "of them in it"], rows),
      ),
    );
    const poisonedIn = found.filter(({ poisoned }) => poisoned.some(Boolean)).map(({ label }) => label);
    const accused = suspects.map(({ label }) => label);
    return {
      verdict: `${accused.length > 0 ? suspicion(KINDS, accused, card.labels) : "No cluster is suspected"}. ${accusation(poisonedIn, accused, card.labels)}`,
      numbers: found.map(({ label, fraction, silhouette }) => ({ label, fraction, silhouette })),
    };
  },
};
