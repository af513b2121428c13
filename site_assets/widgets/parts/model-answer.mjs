/** `<onnx-model-answer>`: one network's column: what it is, its answer, and all its probabilities. */

import { percent, topK } from "../core/output.mjs";
import { define, h } from "./dom.mjs";
import { ModelBadge } from "./model-badge.mjs";
import { longestOf, markLength, TopKBars } from "./top-k-bars.mjs";

/** @typedef {import("../core/card.mjs").Card} Card */
/** @typedef {Pick<import("../worker/inference.mjs").Scores, "probabilities"> | import("../core/config.mjs").StoredScores} Scores */
/** @typedef {import("../core/summary.mjs").Verdict} Verdict */

export class ModelAnswer extends HTMLElement {
  #name = h("span", { class: "ow-name" });
  #badge = new ModelBadge();
  #was = h("s", { class: "ow-was", hidden: true });
  #now = h("span", { class: "ow-now" }, "–");
  #probability = h("span", { class: "ow-share" });
  #bars = new TopKBars();
  /** @type {Card | null} */
  #card = null;
  #title = "";

  connectedCallback() {
    if (this.firstChild) return;
    this.setAttribute("role", "group");
    const verdict = h(
      "div",
      { class: "ow-verdict" },
      h("span", { class: "ow-digits" }, this.#was, this.#now),
      this.#probability,
    );
    this.append(h("div", { class: "ow-model" }, this.#name, this.#badge), verdict, this.#bars);
  }

  /** @param {string} title before the card is there */
  set heading(title) {
    this.#title = title;
    this.#name.textContent = title;
    this.setAttribute("aria-label", title);
  }

  get heading() {
    return this.#title;
  }

  /**
   * @param {{count: number, longest: number}} labels
   * @param {number} top
   */
  reserve(labels, top) {
    this.#badge.reserve();
    this.#bars.reserve(labels, top);
    markLength(this, labels.longest);
  }

  /**
   * @param {Card} card
   * @param {number} top
   * @param {boolean} signed
   */
  configure(card, top, signed) {
    this.#card = card;
    this.#badge.show(card, signed);
    this.toggleAttribute("data-backdoored", Boolean(card.backdoor));
    markLength(this, longestOf(card.labels));
    this.#bars.configure(card.labels, top, targetOf(card));
  }

  /**
   * @param {{plain: Scores | null, stamped: Scores | null}} answer
   * @param {boolean} stamped whether the trigger is on
   * @returns {Verdict}
   */
  show({ plain, stamped: triggered }, stamped) {
    const scores = (stamped ? triggered : plain) ?? plain ?? triggered;
    if (!this.#card || !scores) return { title: this.#title, plain: { label: "", probability: 0 } };
    const [now] = topK(scores.probabilities, this.#card.labels, 1);
    const [before] = plain ? topK(plain.probabilities, this.#card.labels, 1) : [now];
    const changed = stamped && before.index !== now.index;
    this.#now.textContent = now.label;
    this.#probability.textContent = percent(now.probability);
    this.#was.hidden = !changed;
    this.#was.textContent = changed ? before.label : "";
    this.#bars.show(scores.probabilities, stamped ? (plain?.probabilities ?? null) : null);
    this.toggleAttribute("data-changed", changed);
    this.toggleAttribute("data-answered", true);
    const target = targetOf(this.#card);
    return {
      title: this.#title,
      plain: before,
      stamped: stamped ? now : undefined,
      target:
        target === null
          ? undefined
          : {
              label: this.#card.labels[target],
              plain: (plain ?? scores).probabilities[target],
              stamped: stamped ? scores.probabilities[target] : undefined,
            },
    };
  }

  clear() {
    this.#now.textContent = "–";
    this.#probability.textContent = "";
    this.#was.hidden = true;
    this.#bars.clear();
    this.removeAttribute("data-changed");
    this.removeAttribute("data-answered");
  }
}

define("onnx-model-answer", ModelAnswer);

/** The class that an attacker wants, where it is one for all images. @param {Card} card */
function targetOf({ label_map: map }) {
  return map?.kind === "all-to-one" ? map.target : null;
}
