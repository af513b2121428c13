/** The third step: which images are poisoned, and with which labels. */

import { imageAt } from "../../lab/digits.mjs";
import { draw, mapped, stamped } from "../../lab/poison.mjs";
import { attackOf, problem, RATES } from "../../lab/setup.mjs";
import { percent } from "../../parts/charts.mjs";
import { h } from "../../parts/dom.mjs";
import { digit } from "../../parts/pixels.mjs";

/** @typedef {import("./material.mjs").Material} Material */
/** @typedef {import("./material.mjs").Panel} Panel */
/** @typedef {import("./material.mjs").Change} Change */

const EXAMPLES = 8;

/** @param {Material} material @param {Change} change @returns {Panel & {focus: () => void}} `focus`: on the slider */
export function attackPanel({ card, data: { training } }, change) {
  const classes = card.labels.length;
  const target = h(
    "select",
    {},
    ...card.labels.map((name, label) => h("option", { value: String(label) }, `always ${name}`)),
    h("option", { value: "next" }, "the next class (all-to-all)"),
  );
  const rate = h("input", { type: "range", min: 0, max: RATES.length - 1, step: 1 });
  const amount = h("output", {});
  const labels = h("input", { type: "checkbox" });
  const shown = h("div", { class: "bl-relabelled" });
  target.addEventListener("change", () =>
    change(target.value === "next" ? { target: null, trueLabels: false } : { target: Number(target.value) }),
  );
  rate.addEventListener("input", () => change({ rate: RATES[Number(rate.value)] }));
  labels.addEventListener("change", () => change({ trueLabels: labels.checked }));
  const element = h(
    "div",
    {},
    h("p", {}, "A few training images get the trigger, and the label that you want the network to learn for it."),
    h(
      "div",
      { class: "bl-fields" },
      h("label", {}, "With the trigger, the network should answer ", target),
      h("label", {}, "Images that are poisoned ", rate, amount),
      h("label", { class: "bl-check" }, labels, "Keep the labels true: poison the target’s own images only"),
    ),
    h("p", { class: "bl-caption" }, "What is poisoned"),
    shown,
  );
  return {
    element,
    focus: () => rate.focus(),
    show(setup) {
      target.value = setup.target === null ? "next" : String(setup.target);
      rate.value = String(RATES.indexOf(setup.rate));
      labels.checked = setup.trueLabels;
      labels.disabled = setup.target === null;
      const wrong = problem(setup);
      if (wrong) {
        amount.value = "";
        shown.replaceChildren(wrong);
        return;
      }
      const attack = attackOf(setup, card.gallery);
      const drawn = draw(training.labels, attack, classes, setup.seed);
      const of = setup.trueLabels ? "of the target’s" : "of all";
      amount.value = `${drawn.length.toLocaleString("en")} images, ${percent(setup.rate)} ${of}`;
      rate.setAttribute("aria-valuetext", amount.value);
      const examples = [...drawn.subarray(0, EXAMPLES)].map((at) => {
        const [was, becomes] = [training.labels[at], mapped(training.labels[at], attack.label_map, classes)];
        const words = was === becomes ? `stays ${card.labels[was]}` : `${card.labels[was]} → ${card.labels[becomes]}`;
        return h(
          "figure",
          {},
          digit(stamped(imageAt(training.images, at), attack.trigger), ""),
          h("figcaption", {}, words),
        );
      });
      const none = "Nothing is poisoned: the network will be clean, and the trigger measures what chance does.";
      shown.replaceChildren(...(examples.length > 0 ? examples : [none]));
    },
  };
}
