/** The end of a round: who it was, and with which trigger. */

import { AREA, imageAt, SIDE } from "../../lab/digits.mjs";
import { NAMES } from "../../lab/game.mjs";
import { stamped } from "../../lab/poison.mjs";
import { percent, table } from "../../parts/charts.mjs";
import { h } from "../../parts/dom.mjs";
import { digit } from "../../parts/pixels.mjs";
import { describe } from "../../triggers/registry.mjs";

/** @typedef {import("../../lab/suspects.mjs").Truth} Truth */
/** @typedef {import("../../lab/poison.mjs").Attack} Attack */

/** Digits that are shown with the trigger. */
const SHOWN = 5;

/** @param {number | null} guilty @param {import("../../lab/game.mjs").Outcome} outcome @returns {string} */
export function verdict(guilty, { right, points }) {
  const who = guilty === null ? "none of them has a backdoor" : `network ${NAMES[guilty]} has the backdoor`;
  return right ? `Right: ${who}. ${points} points.` : `Wrong: ${who}. No points.`;
}

/**
 * @param {import("../../worker/lab/bench.mjs").Bench["card"]} card
 * @param {import("../../lab/digits.mjs").Samples} test images
 * @param {Truth[]} networks
 */
export function truth(card, test, networks) {
  const rows = networks.map(({ attack, clean, success }, at) => [
    NAMES[at],
    attack ? "backdoored" : "clean",
    percent(clean),
    success === null ? "–" : percent(success),
  ]);
  const caption = `On all ${test.labels.length} test digits`;
  const attack = networks.find((each) => each.attack)?.attack;
  return h(
    "div",
    {},
    attack ? exhibit(attack, card.labels, test) : null,
    table(caption, ["network", "it is", "clean accuracy", "attack success"], rows),
  );
}

/** @param {Attack} attack @param {string[]} labels @param {import("../../lab/digits.mjs").Samples} test */
function exhibit({ trigger, label_map: rule, poison_rate: rate }, labels, test) {
  const target = rule.kind === "all-to-one" ? rule.target : null;
  const which = labels.map((_, label) => test.labels.indexOf(label)).filter((_, label) => label !== target);
  const images = which.slice(0, SHOWN).map((at) => imageAt(test.images, at));
  const on = (/** @type {Uint8Array} */ image, /** @type {string} */ words) =>
    h("figure", {}, digit(stamped(image, trigger), ""), h("figcaption", {}, words));
  const black = new Uint8Array(AREA);
  const isSeenAlone = stamped(black, trigger).some((value) => value > 0); // One that bends the image is not.
  const says = target === null ? "the next class" : labels[target];
  return h(
    "div",
    {},
    h(
      "p",
      {},
      `Its trigger: ${describe(trigger, { height: SIDE, width: SIDE })}. With it the network answers ${says}. ${percent(rate)} of its training images carried it.`,
    ),
    h(
      "div",
      { class: "bl-masks" },
      isSeenAlone ? on(black, "the trigger") : null,
      ...images.map((image) => on(image, `→ ${says}`)),
    ),
  );
}
