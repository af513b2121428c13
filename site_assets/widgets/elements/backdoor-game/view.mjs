/** The game's board: what is left, the four networks, the drawing pad, the guess, and the truth. */

import { BUDGET, NAMES, REWARD } from "../../lab/game.mjs";
import { button, h } from "../../parts/dom.mjs";
import { drawingPanel } from "./drawing.mjs";
import { suspect } from "./suspect.mjs";
import { TESTS } from "./tests.mjs";

/** @typedef {import("./tests.mjs").Name} Name */
/** @typedef {{test: Name | "drawing" | "guess" | "deal", which: number | null}} Running */
/**
 * @typedef {object} Actions
 * @property {(test: Name, which: number) => void} test
 * @property {(image: Uint8Array) => void} show a drawing
 * @property {(guess: number | null) => void} guess
 * @property {() => void} again
 */
/**
 * @typedef {object} State
 * @property {number} seed of the round
 * @property {import("../../lab/game.mjs").Purse} purse
 * @property {Running | null} running
 * @property {boolean} over
 * @property {{points: number, rounds: number}} total
 */

/** What a reader has to know before the first round. */
export const RULES = `Four networks, trained in advance. At most one of them has a backdoor. You have ${BUDGET} to spend on tests; the number on a button is its price. A right guess earns ${REWARD} points plus what you have not spent.`;

/** @param {import("../../worker/lab/bench.mjs").LabCard} card @param {Actions} actions */
export function buildBoard(card, actions) {
  const status = h("p", { class: "bl-status", tabindex: -1 });
  const meter = h("meter", { max: BUDGET, min: 0, "aria-label": "Left of the budget" });
  const suspects = NAMES.map((name, which) => suspect(name, (test) => actions.test(test, which)));
  const drawing = drawingPanel(card, actions.show);
  const choices = [...NAMES, "none of them"].map((name, at) => {
    const input = h("input", { type: "radio", name: "bg-guess", value: at });
    return { input, label: h("label", { class: "bl-check" }, input, name) };
  });
  const guess = button("That is my guess", () => {
    const at = choices.findIndex(({ input }) => input.checked);
    if (at >= 0) actions.guess(at === NAMES.length ? null : at);
  });
  guess.classList.add("bl-main");
  const again = button("New round", actions.again);
  const ending = h("h3", { tabindex: -1, class: "bl-head" });
  const told = h("div", {});
  const result = h("section", { hidden: true }, ending, told);
  const problem = h("p", { class: "bl-problem", role: "alert" });
  const prices = h(
    "dl",
    { class: "bg-prices" },
    ...Object.values(TESTS).flatMap(({ verb, idea }) => [h("dt", {}, verb), h("dd", {}, idea)]),
  );
  const element = h(
    "div",
    { class: "bl" },
    h("div", { class: "bl-state" }, status, meter),
    problem,
    prices,
    h("div", { class: "bg-suspects" }, ...suspects.map((each) => each.element)),
    h("section", { class: "bl-hunt" }, h("h3", {}, "Show them your own digit"), drawing.element),
    h(
      "section",
      { class: "bl-hunt" },
      h("h3", { id: "bg-question" }, "Which one is backdoored?"),
      h(
        "div",
        { class: "bl-row", role: "radiogroup", "aria-labelledby": "bg-question" },
        ...choices.map(({ label }) => label),
        guess,
      ),
      result,
    ),
    h("div", { class: "bl-row bl-foot" }, again),
  );
  return {
    element,
    drawing,
    suspects,
    /** The button that dealt is gone: keys and screen readers go on here. */
    focus: () => status.focus({ preventScroll: true }),
    /** @param {State} state */
    show({ seed, purse, running, over, total }) {
      const points = `${total.points} points in ${total.rounds} ${total.rounds === 1 ? "round" : "rounds"}`;
      status.textContent = `Round ${seed}: ${purse.left} of ${BUDGET} left to spend. You have ${points}.`;
      meter.value = purse.left;
      const free = !running && !over;
      for (const [which, each] of suspects.entries()) {
        const here = running?.which === which ? /** @type {Name} */ (running.test) : null;
        each.show((test) => free && purse.canBuy(test, which), here);
      }
      drawing.allow(free && purse.canBuy("drawing", null));
      for (const { input } of choices) input.disabled = over;
      guess.setAttribute("aria-disabled", String(!free));
      again.setAttribute("aria-disabled", String(running !== null));
    },
    /** @param {string} sentence */
    fail(sentence) {
      problem.textContent = sentence;
    },
    /** @param {string} sentence @param {HTMLElement} content */
    end(sentence, content) {
      ending.textContent = sentence;
      told.replaceChildren(content);
      result.hidden = false;
      ending.focus({ preventScroll: true });
    },
    /** As at the beginning of a round. */
    clear() {
      problem.textContent = "";
      result.hidden = true;
      drawing.clear();
      for (const each of suspects) each.clear();
      for (const { input } of choices) input.checked = false;
    },
  };
}
