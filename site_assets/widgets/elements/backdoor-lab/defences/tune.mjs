/** Fine-tuning on the owner's clean images. */

import { TUNED_EPOCHS } from "../../../lab/hunt.mjs";
import { cured } from "../../../lab/verdicts.mjs";
import { lineChart, percent } from "../../../parts/charts.mjs";

/** @typedef {import("../../../lab/hunt.mjs").Epoch} Epoch */

/** @type {import("./registry.mjs").Defence} */
export const tune = {
  title: "Fine-tune on clean images",
  idea: "Train on, with the clean images that you trust. What they do not need may be forgotten.",
  verb: "Fine-tune",
  async run(lab, { data }, of) {
    /** @type {Epoch[]} */
    const epochs = [];
    await lab.ask(
      "tune",
      { which: of.which },
      {
        signal: of.signal,
        onProgress: (/** @type {Epoch} */ epoch) => {
          epochs.push(epoch);
          const points = (/** @type {"clean" | "success"} */ what) =>
            epochs.map((one) => ({ x: one.epoch, y: one[what] }));
          of.stage.replaceChildren(
            lineChart("Fine-tuning", "epoch", TUNED_EPOCHS, [
              { name: "attack success", kind: "bad", points: points("success") },
              { name: "clean accuracy", kind: "clean", points: points("clean") },
            ]),
          );
        },
      },
    );
    const { clean, success } = /** @type {Epoch} */ (epochs.at(-1));
    const said = `With ${data.validation.labels.length} clean images: clean accuracy ${percent(clean)}, attack success ${percent(success)}.`;
    return { verdict: `${said} ${cured(epochs[0].success, success, of)}`, numbers: { clean, success } };
  },
};
