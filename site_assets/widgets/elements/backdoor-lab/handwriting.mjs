/** The reader's own digit, and what both networks say of it, as far as they are trained. */

import { toWidgetError } from "../../core/messages.mjs";
import { percent, softmax, topK } from "../../core/output.mjs";
import { Latest } from "../../engine/latest.mjs";
import { ownDigit } from "../../inputs/own-digit.mjs";
import { AREA } from "../../lab/digits.mjs";
import { h } from "../../parts/dom.mjs";
import { digit, put } from "../../parts/pixels.mjs";

/** @typedef {import("../../core/image.mjs").Image} Image */
/** @typedef {import("../../lab/experiment.mjs").Drawn} Drawn */
/** @typedef {import("../../lab/experiment.mjs").Which} Which */
/**
 * @typedef {object} Actions
 * @property {(image: Image) => Promise<Drawn>} ask
 * @property {(sentence: string) => void} say
 * @property {(error: unknown) => void} fail
 */

const BLANK = new Uint8Array(AREA);
/** @type {Record<Which, string>} */
const NAMES = { backdoored: "Your network", clean: "Its clean twin" };

/** @param {string[]} labels @param {Actions} actions */
export function handwriting(labels, { ask, say, fail }) {
  /** @type {Image | null} */
  let image = null;
  /** As the networks see it, and with the trigger. @type {Drawn["seen"] | null} */
  let seen = null;
  let exists = false;
  const latest = new Latest(ask);
  const own = ownDigit((now, finished) => {
    image = now;
    answer(finished);
  });
  const pictures = [digit(BLANK, "Your digit as the networks see it"), digit(BLANK, "Your digit with the trigger")];
  const cells = Object.fromEntries(Object.keys(NAMES).map((which) => [which, [h("td", {}), h("td", {})]]));
  const wait = h("p", { class: "bl-caption" });
  const element = h(
    "section",
    { class: "bl-hunt" },
    h("h3", {}, "Your own handwriting"),
    h("p", {}, "Draw one yourself. Both networks answer at once, as far as they are trained."),
    h(
      "div",
      { class: "bl-two" },
      own.element,
      h(
        "div",
        {},
        h(
          "table",
          { class: "bl-table bl-own-answers" },
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              h("td", {}),
              ...["as it is", "with the trigger"].map((head) => h("th", { scope: "col" }, head)),
            ),
          ),
          h(
            "tbody",
            {},
            h("tr", {}, h("th", { scope: "row" }, "They see"), ...pictures.map((picture) => h("td", {}, picture))),
            ...Object.entries(NAMES).map(([which, name]) =>
              h("tr", {}, h("th", { scope: "row" }, name), ...cells[which]),
            ),
          ),
        ),
        wait,
      ),
    ),
  );

  /** @param {boolean} finished whether the pen is up */
  async function answer(finished) {
    wait.textContent = image
      ? exists
        ? ""
        : "There are no networks yet: start the training."
      : "Nothing is drawn yet.";
    if (!image || !exists) {
      latest.drop();
      clear();
      return;
    }
    try {
      const sentence = show(await latest.submit(image));
      if (finished) say(sentence);
    } catch (error) {
      const { code } = toWidgetError(error);
      if (code !== "superseded" && code !== "cancelled") fail(error);
    }
  }

  function clear() {
    if (!seen) return; // It is clear.
    seen = null;
    empty();
  }

  function empty() {
    for (const picture of pictures) put(picture, BLANK);
    for (const cell of Object.values(cells).flat()) cell.replaceChildren("–");
  }

  /** @param {Drawn} drawn */
  function show(drawn) {
    seen = drawn.seen;
    for (const [at, picture] of pictures.entries()) put(picture, seen[at]);
    const said = /** @type {Which[]} */ (Object.keys(NAMES)).map((which) => {
      const [plain, marked] = drawn.logits[which].map((logits) => topK(softmax(logits), labels, 1)[0]);
      const [one, other] = cells[which];
      one.replaceChildren(plain.label, " ", h("span", { class: "bl-sure" }, percent(plain.probability)));
      other.replaceChildren(marked.label, " ", h("span", { class: "bl-sure" }, percent(marked.probability)));
      other.classList.toggle("bl-turned", marked.index !== plain.index);
      return `${NAMES[which]} says ${plain.label}, with the trigger ${marked.label}.`;
    });
    return said.join(" ");
  }

  empty();
  return {
    element,
    /** The reader's digit as the networks see it; null if nothing is drawn. */
    get digit() {
      return seen?.[0] ?? null;
    },
    /** Ask again: the networks have learnt, or are gone. @param {boolean} there whether there are networks */
    refresh(there) {
      exists = there;
      answer(false);
    },
  };
}
