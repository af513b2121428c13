/** The fifth step: defences, on the network that the reader has just made, on its clean twin, or on a released network. */

import { toWidgetError, words } from "../../core/messages.mjs";
import { button, h } from "../../parts/dom.mjs";
import { chooser } from "./chooser.mjs";
import { DEFENCES } from "./defences/registry.mjs";

/** @typedef {import("./material.mjs").Material} Material */

const OWN = [
  { name: "backdoored", title: "Your network" },
  { name: "clean", title: "Its clean twin" },
];

/**
 * @param {Material} material
 * @param {import("../../engine/lab.mjs").Lab} lab
 * @param {object} around
 * @param {import("../../engine/lab-released.mjs").Released} around.released
 * @param {() => any} around.recipe of the trained networks
 * @param {() => Uint8Array | null} around.own the reader's own digit
 * @param {(sentence: string) => void} around.say
 */
export function catchPanel(material, lab, { released, recipe, own, say }) {
  /** By the network's name, then by the defence's. @type {Record<string, Record<string, unknown>>} */
  let results = {};
  /** Of the defence that was begun last, on the network that is shown. @type {AbortController | null} */
  let running = null;
  let trained = false;
  const onChange = () => {
    clear();
    showReady();
  };
  const note = " It is larger than the lab’s networks: a search takes a minute or two.";
  const choice = chooser({ group: "bl-which", present: OWN, released, note, say, onChange });
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
        const of = choice.attack ? { attack: choice.attack } : recipe();
        const on = { which: choice.chosen, recipe: of, own: own(), signal: mine.signal, stage };
        const told = await defence.run(lab, material, on);
        results[on.which] = { ...results[on.which], [name]: told.numbers };
        verdict.textContent = told.verdict;
        say(`${defence.title}: ${told.verdict}`);
      } catch (error) {
        const { title, advice } = words(error);
        const stopped = running === null ? "" : "Stopped.";
        verdict.textContent = toWidgetError(error).code === "cancelled" ? stopped : `${title} ${advice}`;
      } finally {
        delete go.dataset.running;
        go.textContent = defence.verb;
      }
    }
    const element = h(
      "section",
      { class: "bl-hunt" },
      h("h3", {}, defence.title),
      h("p", {}, defence.idea),
      go,
      stage,
      verdict,
    );
    return { defence, go, stage, verdict, element };
  });
  function clear() {
    running?.abort();
    running = null;
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
    choice.element,
    wait,
    ...sections.map((section) => section.element),
  );
  function showReady() {
    const elsewhere = choice.isReleased;
    wait.hidden = elsewhere || trained;
    for (const { defence, go, element } of sections) {
      element.hidden = elsewhere && defence.needsTraining === true;
      go.disabled = elsewhere ? choice.attack === null : !trained;
    }
  }
  return {
    element,
    get results() {
      return results;
    },
    /** @param {boolean} ready whether the reader's networks are trained */
    show(ready) {
      trained = ready;
      showReady();
    },
    /** Another training begins: what was found is of no network of the reader's any more. */
    forget() {
      if (choice.isReleased) {
        for (const { name } of OWN) delete results[name];
      } else {
        clear();
        results = {};
      }
    },
    /** The released networks are gone with their worker. */
    reset: () => choice.reset(),
  };
}
