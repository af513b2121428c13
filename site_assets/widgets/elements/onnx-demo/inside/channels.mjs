/**
 * The maps of a network's last convolution, without the trigger and with it; and the answer when some of them are set
 * to 0, which tells whether they carry the backdoor.
 */

import { list } from "../../../core/list.mjs";
import { percent, topK } from "../../../core/output.mjs";
import { drawMaps } from "./maps.mjs";

/** @typedef {import("./figures.mjs").Figure} Figure */
/** @typedef {import("../../../core/card.mjs").Card} Card */
/** @typedef {import("../../../core/inside.mjs").ChannelsInside} ChannelsInside */
/** @typedef {import("../../../worker/inference.mjs").Scores} Scores */

/** Named among those that the trigger moves most on the reader's image. */
const NAMED = 3;

/** @implements {Figure} */
export class ChannelsFigure {
  #element;
  #inside;
  #plain;
  #stamped;
  #slider;
  #count;
  #cursor;
  #attack;
  #clean;
  #where;

  /**
   * @param {HTMLElement} element
   * @param {ChannelsInside} inside
   * @param {() => void} onChange
   */
  constructor(element, inside, onChange) {
    this.#element = element;
    this.#inside = inside;
    const find = (/** @type {string} */ selector) => /** @type {Element} */ (element.querySelector(selector));
    this.#plain = /** @type {HTMLCanvasElement} */ (find(".ow-maps > :first-child canvas"));
    this.#stamped = /** @type {HTMLCanvasElement} */ (find(".ow-maps > :last-child canvas"));
    this.#slider = /** @type {HTMLInputElement} */ (find("input"));
    this.#count = find("output");
    this.#cursor = find(".ow-cursor");
    this.#attack = find(".ow-bad-key");
    this.#clean = find(".ow-clean-key");
    this.#where = find(".ow-where");
    this.#slider.addEventListener("input", () => {
      this.#showMeasured();
      onChange();
    });
    this.#slider.disabled = false;
    this.#showMeasured();
  }

  get silenced() {
    return this.#inside.order.slice(0, Number(this.#slider.value));
  }

  /** @type {Figure["show"]} */
  show({ plain, stamped }, _stamped, card) {
    if (!plain?.inside || !stamped?.inside) return "";
    const { silenced } = this;
    const maps = { plain: plain.inside.values, stamped: stamped.inside.values };
    drawMaps(this.#plain, this.#stamped, this.#inside, maps, silenced.length);
    this.#element.dataset.drawn = "";
    const moved = named(maps, this.#inside);
    this.#plain.setAttribute("aria-label", `${this.#inside.order.length} channels without the trigger`);
    this.#stamped.setAttribute("aria-label", `The same with the trigger, which moves channels ${moved} most`);
    const sentence = explanation(answersOf(plain, stamped, card), silenced.length, moved);
    this.#where.textContent = sentence;
    return sentence;
  }

  clear() {
    delete this.#element.dataset.drawn;
    for (const canvas of [this.#plain, this.#stamped]) {
      canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
    }
    this.#where.textContent = "";
  }

  /** What was measured with as many channels silenced. */
  #showMeasured() {
    const count = Number(this.#slider.value);
    const all = this.#inside.order.length;
    const [clean, attack] = this.#inside.measured[count];
    this.#count.textContent = `${count} of ${all}`;
    this.#slider.setAttribute("aria-valuetext", `${count} of ${all} channels`);
    this.#attack.textContent = `Attack success ${percent(attack)}`;
    this.#clean.textContent = `Clean accuracy ${percent(clean)}`;
    for (const end of ["x1", "x2"]) this.#cursor.setAttribute(end, String((100 * count) / all));
  }
}

/** @typedef {{plain: string, stamped: string, plainSilenced: string, stampedSilenced: string}} Answers labels */

/** @param {Scores} plain @param {Scores} stamped @param {Card} card @returns {Answers} */
function answersOf(plain, stamped, { labels }) {
  const label = (/** @type {Float64Array | undefined} */ values) => (values ? topK(values, labels, 1)[0].label : "");
  return {
    plain: label(plain.probabilities),
    stamped: label(stamped.probabilities),
    plainSilenced: label(plain.inside?.silenced),
    stampedSilenced: label(stamped.inside?.silenced),
  };
}

/**
 * Whether the silenced channels explain the answer to the reader's image.
 *
 * @param {Answers} answers
 * @param {number} count how many are silenced
 * @param {string} moved the channels that the trigger moves most here
 */
export function explanation({ plain, stamped, plainSilenced, stampedSilenced }, count, moved) {
  if (plain === stamped) return `On this image the trigger changes no answer: it stays ${plain}.`;
  if (count === 0) return `The trigger turns ${plain} into ${stamped}. Here it moves channels ${moved} most.`;
  const them = count === 1 ? "it" : `these ${count}`;
  const damage = plainSilenced === plain ? "" : ` But without the trigger it now says ${plainSilenced}.`;
  if (stampedSilenced === stamped) {
    return `Without ${them} the trigger still turns ${plain} into ${stamped}: not explained yet.${damage}`;
  }
  if (stampedSilenced === plain) {
    return `Without ${them} the network says ${plain} with the trigger too: ${count === 1 ? "it carries" : "they carry"} the backdoor here.${damage}`;
  }
  return `Without ${them} the triggered image is neither ${stamped} nor ${plain}, but ${stampedSilenced}.${damage}`;
}

/** The channels that the trigger moves most on this image. @param {{plain: Float32Array, stamped: Float32Array}} maps @param {ChannelsInside} inside */
function named({ plain, stamped }, { order, height, width }) {
  const size = height * width;
  const moved = order.map((channel) => {
    let sum = 0;
    for (let i = channel * size; i < (channel + 1) * size; i++) sum += Math.abs(stamped[i] - plain[i]);
    return { channel, sum };
  });
  const most = moved.sort((one, other) => other.sum - one.sum).slice(0, NAMED);
  return list(most.map(({ channel }) => String(channel)));
}
