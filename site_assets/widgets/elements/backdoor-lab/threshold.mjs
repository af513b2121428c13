/** The threshold as a game: how few poisoned images are enough? */

import { countsAt } from "../../lab/poison.mjs";
import { attackOf, problem, RATES } from "../../lab/setup.mjs";
import { ENOUGH, isEnough, nextStop, parseTried, recordOf } from "../../lab/threshold.mjs";
import { behind, dotChart, percent, table } from "../../parts/charts.mjs";
import { button, h } from "../../parts/dom.mjs";

/** @typedef {import("./material.mjs").Material} Material */
/** @typedef {import("../../lab/setup.mjs").Setup} Setup */
/** @typedef {import("../../lab/threshold.mjs").Tried} Tried */

/** Trainings from which on a chart says something. */
const CHARTED = 2;

/**
 * @param {Material} material
 * @param {(rate: number) => void} attempt the reader wants to poison as many
 */
export function threshold({ card, data: { training } }, attempt) {
  const shelf = shelfOf(`backdoor-lab.${card.data.sha256}`);
  const tried = shelf.taken();
  /** @type {Setup | null} */
  let setup = null;
  /** The slider's stop that the button goes to. */
  let next = -1;
  const record = h("p", { class: "bl-record" });
  const go = button("", () => attempt(RATES[next]));
  const shown = h("div", {});
  const element = h(
    "section",
    { class: "bl-hunt" },
    h("h3", {}, "How few images are enough?"),
    h(
      "p",
      {},
      `The fewer are poisoned, the harder they are to find. Enough is an attack success of at least ${percent(ENOUGH, 0)}.`,
    ),
    record,
    h("div", { class: "bl-row" }, go),
    shown,
  );

  /** The trainings, as a chart and as a table. */
  function draw() {
    const rows = tried.map((one, at) => [
      at + 1,
      one.title,
      wish(one.target, card.labels),
      one.images,
      percent(one.clean),
      percent(one.success),
    ]);
    const heads = ["no.", "trigger", "with it", "poisoned images", "clean accuracy", "attack success"];
    const dots = tried.map((one) => ({ x: one.images, y: one.success, ring: !isEnough(one) }));
    const title = "Attack success of your trainings";
    const chart = dotChart(title, "poisoned images", dots, ["enough", "too few"], ENOUGH);
    const open = shown.querySelector("details")?.open ?? false;
    const numbers = behind(table("Your trainings", heads, rows));
    numbers.open = open;
    shown.replaceChildren(...(tried.length < CHARTED ? [] : [chart]), ...(tried.length === 0 ? [] : [numbers]));
  }

  /** What the trainings say of the target that is set. */
  function tell() {
    if (!setup) return;
    const { target } = setup;
    record.textContent = words(recordOf(tried, target), target, card.labels);
    const attack = problem(setup) ? null : attackOf(setup, card.gallery);
    const stops = attack ? countsAt(RATES, training.labels, attack, card.labels.length) : [];
    next = nextStop(tried, target, stops);
    go.hidden = next < 0;
    go.textContent = next < 0 ? "" : `Try ${countOf(stops[next])}`;
  }

  draw();
  return {
    element,
    /** @param {Setup} now */
    show(now) {
      if (now === setup) return;
      setup = now;
      tell();
    },
    /**
     * Keep the result of a training.
     *
     * @param {string} title of the trigger
     * @param {import("../../lab/experiment.mjs").Recipe} recipe
     * @param {import("../../lab/experiment.mjs").Epoch} last
     * @returns {string} a sentence about it, if it is a record
     */
    keep(title, { attack }, { clean, success }) {
      const [images] = countsAt([attack.poison_rate], training.labels, attack, card.labels.length);
      const target = attack.label_map.kind === "all-to-one" ? attack.label_map.target : null;
      const before = recordOf(tried, target);
      tried.push({ title, target, images, clean, success });
      shelf.keep(tried);
      draw();
      tell();
      const now = recordOf(tried, target);
      return now && now.images < (before?.images ?? Number.POSITIVE_INFINITY) ? words(now, target, card.labels) : "";
    },
  };
}

/** @param {number | null} target @param {string[]} labels */
function wish(target, labels) {
  return target === null ? "the next class" : `always ${labels[target]}`;
}

/** @param {Tried | null} record @param {number | null} target @param {string[]} labels */
function words(record, target, labels) {
  const what = wish(target, labels);
  if (!record) return `No training of yours has reached that for “${what}” yet.`;
  const { images, success } = record;
  const were = images === 1 ? "was" : "were";
  return `Your record for “${what}”: ${countOf(images)} ${were} enough (attack success ${percent(success)}). Can fewer do it?`;
}

/** @param {number} images */
function countOf(images) {
  return images === 1 ? "1 image" : `${images.toLocaleString("en")} images`;
}

/** Where trainings are kept while the tab lives, over reloads as well if the browser lets sites keep anything. @param {string} key */
function shelfOf(key) {
  return {
    taken() {
      try {
        return parseTried(sessionStorage.getItem(key));
      } catch {
        return [];
      }
    },
    /** @param {Tried[]} tried */
    keep(tried) {
      try {
        sessionStorage.setItem(key, JSON.stringify(tried));
      } catch {
        // The browser keeps nothing for this site: the record lasts as long as the page.
      }
    },
  };
}
