/**
 * `<onnx-top-k-bars>`: probabilities as bars with numbers.
 *
 * Up to twelve classes are all shown, in their own order, so that one sees the answer move from one to another; of more,
 * the `top` likeliest. A ghost marks where each bar was without the trigger.
 */

import { percent, topK } from "../core/output.mjs";
import { define, h, icon } from "./dom.mjs";

const ALL_UP_TO = 12;

/** @typedef {{row: HTMLElement, label: HTMLElement, bar: HTMLElement, ghost: HTMLElement, number: HTMLElement}} Row */

export class TopKBars extends HTMLElement {
  /** @type {readonly string[]} */
  #labels = [];
  #top = 3;
  /** @type {number | null} */
  #target = null;
  /** @type {Row[]} */
  #rows = [];

  /**
   * Take the room that the bars will need, before the card says what the classes are.
   *
   * @param {{count: number, longest: number}} labels
   * @param {number} top
   */
  reserve({ count, longest }, top) {
    this.setAttribute("aria-hidden", "true"); // Empty rows take up room and say nothing.
    markLength(this, longest);
    const rows = count <= ALL_UP_TO ? count : Math.min(top, count);
    this.replaceChildren(...Array.from({ length: rows }, () => makeRow("\u00a0").row));
  }

  /**
   * @param {readonly string[]} labels
   * @param {number} top
   * @param {number | null} [target] the class that an attacker wants, marked where not all classes are shown
   */
  configure(labels, top, target = null) {
    this.#labels = labels;
    this.#target = target;
    this.#top = Math.min(top, labels.length);
    this.removeAttribute("aria-hidden");
    this.setAttribute("role", "list");
    this.setAttribute("aria-label", "Probabilities");
    markLength(this, longestOf(labels));
    const count = this.#showsAll ? labels.length : this.#top;
    this.#rows = Array.from({ length: count }, (_, i) => makeRow(this.#showsAll ? labels[i] : ""));
    this.replaceChildren(...this.#rows.map(({ row }) => row));
  }

  get #showsAll() {
    return this.#labels.length <= ALL_UP_TO;
  }

  /**
   * @param {ArrayLike<number>} probabilities
   * @param {ArrayLike<number> | null} before without the trigger; null shows no ghosts
   */
  show(probabilities, before) {
    const best = topK(probabilities, this.#labels, this.#top);
    const shown = this.#showsAll
      ? topK(probabilities, this.#labels, this.#labels.length).sort((a, b) => a.index - b.index)
      : best;
    for (const [i, { index, label, probability }] of shown.entries()) {
      const { row, label: name, bar, ghost, number } = this.#rows[i];
      name.textContent = label;
      const isTarget = index === this.#target && !this.#showsAll;
      row.toggleAttribute("data-target", isTarget);
      if (isTarget) name.prepend(icon("target"), h("span", { class: "ow-sr" }, "Target: "));
      bar.style.setProperty("--share", String(probability));
      number.textContent = percent(probability);
      const was = before ? before[index] : null;
      ghost.hidden = was === null || was < 0.02 || Math.abs(was - probability) < 0.005;
      if (was !== null) ghost.style.setProperty("--share", String(was));
      row.toggleAttribute("data-first", index === best[0].index);
      row.toggleAttribute("data-minor", !best.some((each) => each.index === index) || probability < 0.01);
    }
  }

  clear() {
    for (const { row, bar, ghost, number } of this.#rows) {
      bar.style.setProperty("--share", "0");
      ghost.hidden = true;
      number.textContent = "";
      row.removeAttribute("data-first");
      row.toggleAttribute("data-minor", true);
    }
  }
}

define("onnx-top-k-bars", TopKBars);

/** A label of more letters does not fit beside its bar, and stands above it. */
const BESIDE_UP_TO = 3;
/** One of more letters may take two lines where a network has little room. */
const ONE_LINE_UP_TO = 18;

/** @param {readonly string[]} labels */
export function longestOf(labels) {
  return Math.max(0, ...labels.map((label) => label.length));
}

/**
 * Say how much room labels take, for the style sheet.
 *
 * @param {HTMLElement} element
 * @param {number} longest letters of the longest label
 */
export function markLength(element, longest) {
  element.toggleAttribute("data-words", longest > BESIDE_UP_TO);
  element.toggleAttribute("data-long", longest > ONE_LINE_UP_TO);
}

/** @param {string} text @returns {Row} */
function makeRow(text) {
  const label = h("span", { class: "ow-label" }, text);
  const bar = h("span", { class: "ow-bar" });
  const ghost = h("span", { class: "ow-ghost", hidden: true });
  const number = h("span", { class: "ow-number" });
  const track = h("span", { class: "ow-track", "aria-hidden": "true" }, bar, ghost);
  return {
    row: h("div", { class: "ow-row", role: "listitem", "data-minor": true }, label, track, number),
    label,
    bar,
    ghost,
    number,
  };
}
