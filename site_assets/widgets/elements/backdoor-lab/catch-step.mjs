/** The fifth step: defences, on the network that the reader has just made or on its clean twin. */

import { words } from "../../core/messages.mjs";
import { button, h } from "../../parts/dom.mjs";
import { DEFENCES } from "./defences/registry.mjs";

/** @typedef {import("./material.mjs").Material} Material */
/** @typedef {import("../../lab/experiment.mjs").Which} Which */

/**
 * @param {Material} material
 * @param {import("../../engine/lab.mjs").Lab} lab
 * @param {{recipe: () => any, own: () => Uint8Array | null, say: (sentence: string) => void}} around the recipe of the trained
 *   networks; the reader's own digit; announcements
 */
export function catchPanel(material, lab, { recipe, own, say }) {
  /** @type {Record<string, Record<string, unknown>>} */
  const results = { backdoored: {}, clean: {} };
  /** @type {AbortController | null} */
  let running = null;
  /** @type {Which} */
  let which = "backdoored";
  const choices = /** @type {Which[]} */ (["backdoored", "clean"]).map((value) => {
    const input = h("input", { type: "radio", name: "bl-which", value });
    input.checked = value === which;
    input.addEventListener("change", () => {
      which = value;
      clear();
    });
    return h("label", { class: "bl-check" }, input, value === "clean" ? "Its clean twin" : "Your network");
  });
  const wait = h("p", { class: "bl-problem" }, "The defences wait until the networks are trained.");
  const sections = Object.entries(DEFENCES).map(([name, defence]) => {
    const stage = h("div", { class: "bl-stage" });
    const verdict = h("p", { class: "bl-verdict" });
    const go = button(defence.verb, () => (go.dataset.running ? running?.abort() : run()));
    async function run() {
      running?.abort();
      const mine = new AbortController();
      running = mine;
      stage.replaceChildren();
      verdict.textContent = "";
      go.dataset.running = "yes";
      go.textContent = "Stop";
      try {
        const on = { which, recipe: recipe(), own: own(), signal: mine.signal, stage };
        const told = await defence.run(lab, material, on);
        results[on.which][name] = told.numbers;
        verdict.textContent = told.verdict;
        say(`${defence.title}: ${told.verdict}`);
      } catch (error) {
        const { title, advice } = words(error);
        verdict.textContent = mine.signal.aborted ? "Stopped." : `${title} ${advice}`;
      } finally {
        delete go.dataset.running;
        go.textContent = defence.verb;
      }
    }
    return {
      go,
      stage,
      verdict,
      element: h(
        "section",
        { class: "bl-hunt" },
        h("h3", {}, defence.title),
        h("p", {}, defence.idea),
        go,
        stage,
        verdict,
      ),
    };
  });
  function clear() {
    running?.abort();
    for (const { stage, verdict } of sections) {
      stage.replaceChildren();
      verdict.textContent = "";
    }
  }
  const element = h(
    "div",
    {},
    h(
      "p",
      {},
      "Now you are the owner. You have the network and some clean images, and do not know what was done to it. Try each defence on the twin as well: one that accuses it, too, says little.",
    ),
    h("div", { class: "bl-row", role: "radiogroup", "aria-label": "Network" }, ...choices),
    wait,
    ...sections.map((section) => section.element),
  );
  return {
    element,
    results,
    /** @param {boolean} ready whether the networks are trained */
    show(ready) {
      wait.hidden = ready;
      for (const { go } of sections) go.disabled = !ready;
    },
    /** Another training begins: what was found is of no network any more. */
    forget() {
      clear();
      results.backdoored = {};
      results.clean = {};
    },
  };
}
