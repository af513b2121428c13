/** A drawing of the reader's, with a mark or without, shown to all four networks. */

import { runPipeline } from "../../core/preprocess.mjs";
import { ownDigit } from "../../inputs/own-digit.mjs";
import { AREA } from "../../lab/digits.mjs";
import { MARKS, NAMES, PRICES } from "../../lab/game.mjs";
import { stamped } from "../../lab/poison.mjs";
import { percent } from "../../parts/charts.mjs";
import { button, h } from "../../parts/dom.mjs";
import { digit, put } from "../../parts/pixels.mjs";

/** @typedef {import("../../lab/suspects.mjs").Answer} Answer */

/**
 * @param {import("../../worker/lab/bench.mjs").LabCard} card
 * @param {(image: Uint8Array) => void} onShow
 */
export function drawingPanel(card, onShow) {
  /** As the networks see it, without a mark. @type {Uint8Array | null} */
  let drawn = null;
  const own = ownDigit((image) => {
    drawn = image && runPipeline(card.input, image, null).pixels.data;
    show();
  });
  const mark = h("select", {}, ...MARKS.map(({ name }) => h("option", {}, name)));
  mark.addEventListener("change", () => show());
  const seen = digit(new Uint8Array(AREA), "");
  const ask = button(`Show it to all four · ${PRICES.drawing}`, () => {
    if (drawn && ask.getAttribute("aria-disabled") !== "true") onShow(marked(drawn));
  });
  const rows = h("tbody", {});
  const answers = h(
    "div",
    { class: "bl-scroll", tabindex: 0, role: "group", "aria-label": "Answers to your drawings", hidden: true },
    h(
      "table",
      { class: "bl-table" },
      h("thead", {}, h("tr", {}, ...["shown", ...NAMES].map((name) => h("th", { scope: "col" }, name)))),
      rows,
    ),
  );
  const element = h(
    "div",
    { class: "bl-two" },
    own.element,
    h(
      "div",
      {},
      h("div", { class: "bl-fields" }, h("label", {}, "Mark ", mark), h("label", {}, "The networks see ", seen)),
      h("div", { class: "bl-row" }, ask),
      answers,
    ),
  );
  let allowed = false;
  /** @param {Uint8Array} image */
  function marked(image) {
    const { trigger } = MARKS[mark.selectedIndex];
    return trigger ? stamped(image, trigger) : image;
  }
  function show() {
    put(seen, drawn ? marked(drawn) : new Uint8Array(AREA));
    ask.setAttribute("aria-disabled", String(!allowed || !drawn));
  }
  return {
    element,
    /** @param {boolean} affordable */
    allow(affordable) {
      allowed = affordable;
      show();
    },
    clear() {
      own.pad.clear();
      rows.replaceChildren();
      answers.hidden = true;
      mark.selectedIndex = 0;
      show();
    },
    /** @param {Uint8Array} image @param {Answer[]} said @returns {string} a sentence */
    tell(image, said) {
      const words = said.map(({ label, probability }) => `${card.labels[label]} (${percent(probability)})`);
      rows.append(h("tr", {}, h("td", {}, digit(image, "your drawing")), ...words.map((each) => h("td", {}, each))));
      answers.hidden = false;
      return said.map(({ label }, at) => `${NAMES[at]} says ${card.labels[label]}`).join(", ");
    },
  };
}
