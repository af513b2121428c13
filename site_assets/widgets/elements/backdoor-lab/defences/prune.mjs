/** Pruning: features cut off, those first that clean images use least. */

import { cured } from "../../../lab/verdicts.mjs";
import { lineChart, percent } from "../../../parts/charts.mjs";
import { h } from "../../../parts/dom.mjs";

/** Clean accuracy that pruning may cost, as in Python. */
const MOST_LOST = 0.04;

/** @type {import("./registry.mjs").Defence} */
export const prune = {
  title: "Prune what clean images do not use",
  idea: "Cut off the features that clean images use least, one after the other (pruning). A backdoor may live in them.",
  verb: "Prune",
  async run(lab, _material, of) {
    const curve = await lab.ask("prune", { which: of.which }, { signal: of.signal });
    const most = curve.length - 1;
    const allowed = curve[0].clean - MOST_LOST;
    let cut = curve.findIndex(({ clean }) => clean < allowed) - 1;
    if (cut < 0) cut = most;
    const slider = h("input", { type: "range", min: 0, max: most, step: 1, value: cut });
    slider.value = String(cut);
    const told = h("output", {});
    const show = () => {
      const { clean, success } = curve[Number(slider.value)];
      told.value = `${slider.value} of ${most}: clean accuracy ${percent(clean)}, attack success ${percent(success)}`;
      slider.setAttribute("aria-valuetext", told.value);
    };
    slider.addEventListener("input", show);
    show();
    const points = (/** @type {"clean" | "success"} */ what) => curve.map((one) => ({ x: one.cut, y: one[what] }));
    of.stage.append(
      lineChart("Pruning", "features cut off", most, [
        { name: "attack success", kind: "bad", points: points("success") },
        { name: "clean accuracy", kind: "clean", points: points("clean") },
      ]),
      h("label", { class: "bl-slider" }, "Features cut off ", slider, told),
    );
    const { success, clean } = curve[cut];
    const said = `It may cost ${100 * MOST_LOST} points of clean accuracy: ${cut} of ${most} features can go. Clean accuracy is then ${percent(clean)}, attack success ${percent(success)}.`;
    return { verdict: `${said} ${cured(curve[0].success, success, of)}`, numbers: { cut, clean, success } };
  },
};
