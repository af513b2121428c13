/** The fourth step: both networks learn, side by side, and answer. */

import { concatenated } from "../../lab/bytes.mjs";
import { imageAt } from "../../lab/digits.mjs";
import { answersOf } from "../../lab/network.mjs";
import { stamped } from "../../lab/poison.mjs";
import { MOST_EPOCHS } from "../../lab/setup.mjs";
import { lineChart } from "../../parts/charts.mjs";
import { button, h } from "../../parts/dom.mjs";
import { digit } from "../../parts/pixels.mjs";
import { nextTurn } from "../../parts/turns.mjs";
import { handwriting } from "./handwriting.mjs";
import { oneOfEach } from "./material.mjs";
import { threshold } from "./threshold.mjs";

/** @typedef {import("./material.mjs").Material} Material */
/** @typedef {import("../../lab/experiment.mjs").Epoch} Epoch */
/** @typedef {import("../../lab/experiment.mjs").Which} Which */
/** @typedef {import("../../engine/lab-training.mjs").Histories} Histories */
/** @typedef {import("../../engine/lab-training.mjs").Phase} Phase */
/** @typedef {(which: Which, images: Uint8Array) => Promise<Float32Array>} Ask */
/** @typedef {{start: () => void, pause: () => void, reset: () => void, reseed: () => void, epochs: (count: number) => void, attempt: (rate: number) => void} & import("./handwriting.mjs").Actions} Actions */

/** @param {Histories} histories @param {number} epochs */
export function progressChart({ backdoored, clean }, epochs) {
  const points = (/** @type {Epoch[]} */ history, /** @type {"clean" | "success"} */ what) =>
    history.map((epoch) => ({ x: epoch.epoch, y: epoch[what] }));
  return lineChart("Accuracy and attack success after each epoch", "epoch", epochs, [
    { name: "attack success", kind: "bad", points: points(backdoored, "success") },
    { name: "clean accuracy", kind: "clean", points: points(backdoored, "clean") },
    { name: "clean twin’s accuracy", kind: "clean", dashed: true, points: points(clean, "clean") },
    { name: "attack success on the twin", kind: "bad", dashed: true, points: points(clean, "success") },
  ]);
}

/**
 * @param {Material} material
 * @param {Actions} actions
 */
export function trainingPanel(material, actions) {
  const { card } = material;
  const each = oneOfEach(material);
  const start = button("Start", actions.start);
  const pause = button("Pause", actions.pause);
  const reset = button("Reset", actions.reset);
  const reseed = button("Another seed", actions.reseed);
  const epochs = h("input", { type: "number", min: 1, max: MOST_EPOCHS, step: 1, inputmode: "numeric" });
  epochs.addEventListener("change", () => {
    const asked = Math.round(Number(epochs.value));
    actions.epochs(Math.min(MOST_EPOCHS, Math.max(1, Number.isFinite(asked) ? asked : 1)));
  });
  const chart = h("div", {});
  const loss = h("p", { class: "bl-caption" });
  const own = handwriting(card.labels, actions);
  const answers = h("div", { class: "bl-answers" });
  const game = threshold(material, actions.attempt);
  let isTrained = false;
  const element = h(
    "div",
    {},
    h("div", { class: "bl-row" }, start, pause, reset, reseed, h("label", { class: "bl-inline" }, "Epochs ", epochs)),
    chart,
    loss,
    own.element,
    answers,
    game.element,
  );
  return {
    element,
    own,
    keep: game.keep,
    /**
     * @param {import("../../lab/setup.mjs").Setup} setup
     * @param {Phase} phase
     * @param {Histories} histories
     */
    show(setup, phase, histories) {
      start.hidden = phase === "running" || phase === "done";
      start.textContent = phase === "paused" ? "Continue" : "Start";
      pause.hidden = phase !== "running";
      reset.hidden = phase === "idle";
      if (document.activeElement !== epochs) epochs.value = String(setup.epochs);
      const open = chart.querySelector("details")?.open ?? false;
      chart.replaceChildren(progressChart(histories, setup.epochs));
      const details = chart.querySelector("details");
      if (details) details.open = open;
      const last = histories.backdoored.at(-1);
      loss.textContent = last
        ? `Seed ${setup.seed}. Loss on the training images: ${last.loss.toFixed(3)}.`
        : `Seed ${setup.seed}. Nothing has been learnt yet.`;
      isTrained = phase === "done";
      if (!isTrained) answers.replaceChildren();
      own.refresh(phase !== "idle");
      game.show(setup);
    },
    /** What the trained networks answer. @param {any} recipe @param {Ask} ask */
    async answer(recipe, ask) {
      const images = concatenated([...each, ...each.map((image) => stamped(image, recipe.attack.trigger))]);
      const classes = card.labels.length;
      const [backdoored, clean] = [
        answersOf(await ask("backdoored", images), classes),
        answersOf(await ask("clean", images), classes),
      ];
      const rows = [];
      for (const [label, image] of each.entries()) {
        const with_ = classes + label;
        rows.push(
          h(
            "tr",
            {},
            h("th", { scope: "row" }, digit(image, ""), ` ${card.labels[label]}`),
            ...[backdoored[label], clean[label]].map((answer) => h("td", {}, card.labels[answer])),
            h("td", {}, digit(imageAt(images, with_), "with the trigger")),
            h("td", { class: backdoored[with_] === label ? null : "bl-turned" }, card.labels[backdoored[with_]]),
            h("td", {}, card.labels[clean[with_]]),
          ),
        );
        await nextTurn();
      }
      if (!isTrained) return; // They have been forgotten meanwhile.
      const heads = ["image", "it says", "its twin", "stamped", "it says", "its twin"];
      answers.replaceChildren(
        h(
          "p",
          { class: "bl-caption" },
          "What your network says of a test image of each class, and what its clean twin says",
        ),
        h(
          "div",
          { class: "bl-scroll", tabindex: 0, role: "group", "aria-label": "Answers" },
          h(
            "table",
            { class: "bl-table" },
            h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
            h("tbody", {}, ...rows),
          ),
        ),
      );
    },
  };
}
