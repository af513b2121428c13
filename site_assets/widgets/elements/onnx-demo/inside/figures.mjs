/**
 * What a demo shows of its networks' insides. The server has rendered the figures; here they come to life. This module is
 * fetched when the reader comes near the demo.
 */

import { ChannelsFigure } from "./channels.mjs";
import { PlaneFigure } from "./plane.mjs";

export { followOwnPhoto } from "./own-photo.mjs";

/** @typedef {import("../../../core/card.mjs").Card} Card */
/** @typedef {import("../../../core/inside.mjs").Inside} Inside */
/** @typedef {import("../../../worker/tasks/run.mjs").Answer} Answer */
/**
 * @typedef {object} Figure one network's
 * @property {readonly number[]} silenced channels that the reader has set to 0
 * @property {(answer: Answer, stamped: boolean, card: Card) => string} show returns a sentence, or ""
 * @property {() => void} clear
 */

/** @type {Record<Inside["view"], (element: HTMLElement, inside: any, onChange: () => void) => Figure>} */
const FIGURES = {
  plane: (element) => new PlaneFigure(element),
  channels: (element, inside, onChange) => new ChannelsFigure(element, inside, onChange),
};

export class Figures {
  /** @type {Figure[]} */
  #figures;
  /** Whether the figures compare an image with and without the trigger, whatever the switch says. */
  both;

  /**
   * @param {HTMLElement} box the server's figures
   * @param {readonly Inside[]} insides one a network
   * @param {() => void} onChange the reader has silenced other channels
   */
  constructor(box, insides, onChange) {
    const elements = /** @type {HTMLElement[]} */ ([...box.querySelectorAll("figure")]);
    this.#figures = insides.map((inside, i) => FIGURES[inside.view](elements[i], inside, onChange));
    this.both = insides.some(({ view }) => view === "channels");
  }

  /** What the answers rest on, as a sentence. */
  get note() {
    const { length } = this.silenced;
    return length === 0 ? "" : `${length} of its channels ${length === 1 ? "is" : "are"} silenced.`;
  }

  get silenced() {
    return this.#figures.flatMap(({ silenced }) => silenced);
  }

  /**
   * @param {readonly Answer[]} answers
   * @param {readonly number[]} shown indices of the networks that answer
   * @param {boolean} stamped
   * @param {readonly {card: Card}[]} entries all networks
   * @returns {string} sentences for screen readers
   */
  show(answers, shown, stamped, entries) {
    const sentences = answers.map((answer, i) => {
      const which = shown[i];
      return this.#figures[which].show(answer, stamped, entries[which].card);
    });
    return sentences.filter(Boolean).join(" ");
  }

  /**
   * The answers without the channels that the reader has silenced.
   *
   * @param {readonly Answer[]} answers
   * @returns {Answer[]}
   */
  afterSilence(answers) {
    return answers.map(({ plain, stamped }) => ({ plain: silenced(plain), stamped: silenced(stamped) }));
  }

  clear() {
    for (const figure of this.#figures) figure.clear();
  }
}

/** @param {import("../../../worker/inference.mjs").Scores | null} scores */
function silenced(scores) {
  return scores?.inside?.silenced ? { ...scores, probabilities: scores.inside.silenced } : scores;
}
