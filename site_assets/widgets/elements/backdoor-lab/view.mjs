/** The lab's frame: what the networks do, the five steps, and what can be taken along. */

import { STEPS } from "../../lab/setup.mjs";
import { percent } from "../../parts/charts.mjs";
import { h, hide } from "../../parts/dom.mjs";

/** @typedef {import("../../lab/setup.mjs").Step} Step */
/** @type {Record<Step, string>} */
const NAMES = { data: "Data", trigger: "Trigger", attack: "Attack", training: "Training", catch: "Catch it" };

/**
 * @param {Record<Step, HTMLElement>} panels
 * @param {{go: (step: Step) => void, recipe: () => void, networks: () => void, results: () => void}} actions
 */
export function buildFrame(panels, actions) {
  const bar = h("progress", { class: "bl-progress", max: 1, value: 0, "aria-label": "Training" });
  const status = h("p", { class: "bl-status" });
  const tabs = STEPS.map((step, at) => {
    const tab = h(
      "button",
      { type: "button", class: "bl-step" },
      h("span", { class: "bl-number", "aria-hidden": "true" }, String(at + 1)),
      NAMES[step],
    );
    tab.addEventListener("click", () => actions.go(step));
    return tab;
  });
  const heads = STEPS.map((step) => h("h2", { tabindex: -1, class: "bl-head" }, NAMES[step]));
  const bodies = STEPS.map((step, at) => h("section", { class: "bl-panel" }, heads[at], panels[step]));
  const back = h("button", { type: "button", class: "bl-button" }, "Back");
  const next = h("button", { type: "button", class: "bl-button bl-main" }, "Next");
  const recipe = h("button", { type: "button", class: "bl-button" }, "Download the recipe");
  const networks = h("button", { type: "button", class: "bl-button" }, "Download the networks");
  const results = h("button", { type: "button", class: "bl-button" }, "Download the results");
  recipe.addEventListener("click", actions.recipe);
  networks.addEventListener("click", actions.networks);
  results.addEventListener("click", actions.results);
  let now = 0;
  /** Why nothing is trained, if something has failed. */
  let failure = "";
  back.addEventListener("click", () => actions.go(STEPS[now - 1]));
  next.addEventListener("click", () => actions.go(STEPS[now + 1]));
  const element = h(
    "div",
    { class: "bl" },
    h("div", { class: "bl-state" }, status, bar),
    h(
      "nav",
      { "aria-label": "Steps of the lab" },
      h("ol", { class: "bl-steps" }, ...tabs.map((tab) => h("li", {}, tab))),
    ),
    ...bodies,
    h("div", { class: "bl-row bl-foot" }, back, next, recipe, networks, results),
  );
  return {
    element,
    /** The reader has gone to another step: eyes, keys and screen readers follow, from the end of a longer one too. */
    focus() {
      heads[now].focus({ preventScroll: true });
      heads[now].scrollIntoView({ block: "nearest", behavior: "instant" });
    },
    /** @param {number} part of the training, 0 to 1 */
    progress(part) {
      bar.value = part;
    },
    /** @param {string} sentence */
    fail(sentence) {
      failure = sentence;
    },
    /**
     * @param {Step} step
     * @param {import("../../engine/lab-training.mjs").Phase} phase
     * @param {import("../../lab/experiment.mjs").Epoch | null} last
     * @param {number} epochs
     * @param {string} wrong with the setup
     */
    show(step, phase, last, epochs, wrong) {
      now = STEPS.indexOf(step);
      for (const [at, tab] of tabs.entries()) {
        if (at === now) tab.setAttribute("aria-current", "step");
        else tab.removeAttribute("aria-current");
        bodies[at].hidden = at !== now;
      }
      if (now === 0) hide(back, next);
      else back.hidden = false;
      if (now === STEPS.length - 1) hide(next, back);
      else next.hidden = false;
      recipe.disabled = wrong !== "";
      results.disabled = last === null;
      networks.disabled = last === null || phase === "running";
      bar.hidden = phase !== "running";
      if (phase !== "idle") failure = "";
      status.textContent = failure || told(phase, last, epochs, wrong);
    },
  };
}

/**
 * @param {import("../../engine/lab-training.mjs").Phase} phase
 * @param {import("../../lab/experiment.mjs").Epoch | null} last
 * @param {number} epochs
 * @param {string} wrong
 */
function told(phase, last, epochs, wrong) {
  const numbers = last ? `clean accuracy ${percent(last.clean)}, attack success ${percent(last.success)}` : "";
  if (phase === "running")
    return last ? `Learning, epoch ${last.epoch} of ${epochs}: ${numbers}` : "Learning its first epoch…";
  if (phase === "paused") return `Paused${last ? ` after epoch ${last.epoch}: ${numbers}` : ""}`;
  if (phase === "done") return `Trained in this tab: ${numbers}`;
  return wrong || "Not trained yet: go to Training.";
}
