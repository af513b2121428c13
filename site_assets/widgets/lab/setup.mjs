/**
 * What a reader has set up in the lab: in the address (`?lab.step=3&lab.rate=0.02`), as a recipe, and as TOML.
 * @module
 */

import { SIDE } from "./digits.mjs";

/** @typedef {"data" | "trigger" | "attack" | "training" | "catch"} Step */
/** @type {readonly Step[]} */
export const STEPS = ["data", "trigger", "attack", "training", "catch"];
/** Fractions of the training images that the slider offers. */
export const RATES = [
  0, 0.0025, 0.005, 0.0075, 0.01, 0.0125, 0.015, 0.0175, 0.02, 0.025, 0.03, 0.04, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1,
];
export const MOST_EPOCHS = 20;

/** @typedef {import("../triggers/registry.mjs").Trigger} Trigger */
/**
 * @typedef {object} Setup
 * @property {Step} step the one in sight
 * @property {string} trigger name of one of the gallery, or `paint`
 * @property {boolean[]} painted pixels that are white, row by row; used by `paint`
 * @property {number | null} target null for all-to-all
 * @property {number} rate
 * @property {boolean} trueLabels whether only the target's own images are poisoned
 * @property {number} epochs
 * @property {number} seed
 */
/** @typedef {{name: string, trigger: Trigger}} Exhibit */

/** @param {any} recipe that the lab begins with @returns {Setup} */
export function firstSetup(recipe) {
  const { attack, training, seed } = recipe;
  return {
    step: "data",
    trigger: "patch",
    painted: new Array(SIDE * SIDE).fill(false),
    target: attack.label_map.target,
    rate: attack.poison_rate,
    trueLabels: false,
    epochs: training.epochs,
    seed,
  };
}

/**
 * @param {string} search the address's query
 * @param {string} id the widget's
 * @param {Setup} base for what it does not say, or says wrongly
 * @param {string[]} triggers names that are known
 * @param {number} [classes]
 * @returns {Setup}
 */
export function readSetup(search, id, base, triggers, classes = 10) {
  const query = new URLSearchParams(search);
  const get = (/** @type {string} */ name) => query.get(`${id}.${name}`) ?? "";
  const setup = { ...base };
  const step = /** @type {Step} */ (get("step"));
  if (STEPS.includes(step)) setup.step = step;
  const painted = decodePixels(get("pixels"));
  if (painted) setup.painted = painted;
  if (triggers.includes(get("trigger"))) setup.trigger = get("trigger");
  else if (painted) setup.trigger = "paint";
  if (/^\d$/.test(get("target")) && Number(get("target")) < classes) setup.target = Number(get("target"));
  else if (get("target") === "next") setup.target = null;
  const rate = Number(get("rate") || Number.NaN);
  if (RATES.includes(rate)) setup.rate = rate;
  if (get("labels") === "true" && setup.target !== null) setup.trueLabels = true;
  const epochs = Number(get("epochs"));
  if (Number.isInteger(epochs) && epochs >= 1 && epochs <= MOST_EPOCHS) setup.epochs = epochs;
  if (/^\d{1,9}$/.test(get("seed"))) setup.seed = Number(get("seed"));
  return setup;
}

/**
 * @param {string} search what belongs to others is kept
 * @param {string} id
 * @param {Setup} setup
 * @param {Setup} base what is as here is left out
 * @returns {string} the new query, with its question mark, or ""
 */
export function writeSetup(search, id, setup, base) {
  const query = new URLSearchParams(search);
  /** @type {Record<string, string | null>} */
  const said = {
    step: setup.step === base.step ? null : setup.step,
    trigger: setup.trigger === base.trigger || setup.trigger === "paint" ? null : setup.trigger,
    pixels: setup.trigger === "paint" ? encodePixels(setup.painted) : null,
    target: setup.target === base.target ? null : String(setup.target ?? "next"),
    rate: setup.rate === base.rate ? null : String(setup.rate),
    labels: setup.trueLabels ? "true" : null,
    epochs: setup.epochs === base.epochs ? null : String(setup.epochs),
    seed: setup.seed === base.seed ? null : String(setup.seed),
  };
  for (const [name, value] of Object.entries(said)) {
    if (value === null) query.delete(`${id}.${name}`);
    else query.set(`${id}.${name}`, value);
  }
  const text = query.toString();
  return text ? `?${text}` : "";
}

/** Four pixels a digit. @param {boolean[]} pixels */
function encodePixels(pixels) {
  let text = "";
  for (let at = 0; at < pixels.length; at += 4) {
    text += pixels
      .slice(at, at + 4)
      .reduce((value, on) => 2 * value + Number(on), 0)
      .toString(16);
  }
  return text.replace(/0{3,}/g, (zeros) => `z${zeros.length}.`);
}

/** @param {string} text @returns {boolean[] | null} null if it is no drawing */
function decodePixels(text) {
  if (!/^([0-9a-f]|z\d{1,3}\.)+$/.test(text)) return null;
  const digits = text.replace(/z(\d{1,3})\./g, (_, count) => "0".repeat(Number(count)));
  if (digits.length !== (SIDE * SIDE) / 4) return null;
  return [...digits].flatMap((digit) => [8, 4, 2, 1].map((bit) => (Number.parseInt(digit, 16) & bit) !== 0));
}

/** The smallest pattern that has all painted pixels; null if there is none. @param {boolean[]} painted */
export function patternOf(painted) {
  const on = [...painted.keys()].filter((at) => painted[at]);
  if (on.length === 0) return null;
  const rows = on.map((at) => Math.floor(at / SIDE));
  const columns = on.map((at) => at % SIDE);
  const [top, left] = [Math.min(...rows), Math.min(...columns)];
  const [height, width] = [Math.max(...rows) - top + 1, Math.max(...columns) - left + 1];
  const values = Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (painted[(top + y) * SIDE + left + x] ? 255 : null)),
  );
  return { kind: "pattern", top, left, values };
}

/**
 * @param {Setup} setup
 * @param {Exhibit[]} gallery
 * @returns {Trigger | null} null if nothing has been painted
 */
export function triggerOf(setup, gallery) {
  if (setup.trigger === "paint") return patternOf(setup.painted);
  return gallery.find(({ name }) => name === setup.trigger)?.trigger ?? null;
}

/** What is wrong with a setup, in words; empty if nothing is. @param {Setup} setup */
export function problem(setup) {
  if (setup.trigger !== "paint") return "";
  const count = setup.painted.filter(Boolean).length;
  if (count === 0) return "The trigger is empty: paint at least one pixel, or choose one from the gallery.";
  if (count === SIDE * SIDE)
    return "The trigger covers the whole image, so nothing of the digit is left: erase some of it.";
  return "";
}

/**
 * @param {Setup} setup without a problem
 * @param {Exhibit[]} gallery
 * @returns {import("./poison.mjs").Attack}
 */
export function attackOf(setup, gallery) {
  return {
    poison_rate: setup.rate,
    trigger: /** @type {Trigger} */ (triggerOf(setup, gallery)),
    label_map: setup.target === null ? { kind: "all-to-all" } : { kind: "all-to-one", target: setup.target },
    ...(setup.trueLabels && { clean_label: true }),
  };
}

/**
 * @param {Setup} setup without a problem
 * @param {any} base the recipe that the lab begins with
 * @param {Exhibit[]} gallery
 */
export function recipeOf(setup, base, gallery) {
  return {
    ...base,
    name: "my-lab",
    title: "Made in the lab",
    description: "Set up in the lab and trained in a browser tab.",
    seed: setup.seed,
    attack: attackOf(setup, gallery),
    training: { ...base.training, epochs: setup.epochs },
  };
}

/**
 * A recipe for a reader to keep. If the images are an author's own, it says where they are.
 *
 * @param {Record<string, any>} recipe
 * @param {{name: string}} data the file of the images
 * @param {string | null} card address of the author's card; null for the report's own lab
 */
export function recipeFile(recipe, data, card) {
  if (card === null) return toToml(recipe);
  const folder = recipe.data.name.replace(/^lab:/, "");
  const lines = [
    `The images are an author's own. Put these two files into a folder ${tomlValue(folder)}:`,
    `  ${card}`,
    `  ${new URL(data.name, card).href}`,
    "Then run `backdoors train` with this recipe in the folder around it.",
  ];
  return `${lines.map((line) => `# ${line}\n`).join("")}\n${toToml(recipe)}`;
}

/** A recipe as `backdoors train` reads it. @param {Record<string, any>} recipe */
export function toToml(recipe) {
  const isTable = (/** @type {unknown} */ value) =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const entries = Object.entries(recipe);
  const lines = entries.filter(([, value]) => !isTable(value)).map(([name, value]) => `${name} = ${tomlValue(value)}`);
  for (const [name, table] of entries.filter(([, value]) => isTable(value))) {
    lines.push("", `[${name}]`);
    for (const [key, value] of Object.entries(table)) lines.push(`${key} = ${tomlValue(value)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** @param {any} value @returns {string} */
function tomlValue(value) {
  if (value === null) return "-1"; // A pattern's pixel that the image shows through: TOML has no null.
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(", ")}]`;
  if (typeof value === "object") {
    const pairs = Object.entries(value).map(([name, inner]) => `${name} = ${tomlValue(inner)}`);
    return `{ ${pairs.join(", ")} }`;
  }
  return typeof value === "string" ? JSON.stringify(value).replaceAll("\x7f", "\\u007f") : String(value);
}
