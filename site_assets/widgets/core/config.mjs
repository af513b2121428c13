/** What the page asks of a widget: the JSON of `<onnx-demo config>`. */

import { inputKind } from "./card.mjs";
import { WidgetError } from "./messages.mjs";
import { isHash } from "./sha256.mjs";

/** @typedef {"draw" | "samples" | "upload" | "camera"} Input */
/**
 * @typedef {{card: string, bytes: number, sha256: string, title?: string | null, precision?: string | null,
 *   signed?: import("./signature.mjs").Signed | null}} ModelRef `bytes` and `sha256` are the card's
 */
/** @typedef {import("./inside.mjs").Inside} Inside */
/** @typedef {{probabilities: number[]}} StoredScores */
/**
 * @typedef {object} Stored what the networks said when the page was built, of its first sample
 * @property {{plain: StoredScores, stamped: StoredScores | null}[]} answers one a model
 * @property {{plain: string, stamped?: string}} seen addresses of the pixels that the network with the trigger was given
 */
/**
 * @typedef {object} Sample
 * @property {string} src
 * @property {string} alt
 * @property {string | null} [label]
 * @property {string | null} [note] a sentence on what to notice
 * @property {{text: string, href: string} | null} [credit] who made it, and its page
 */
/**
 * @typedef {object} Config
 * @property {string} id
 * @property {string} title
 * @property {ModelRef[]} models
 * @property {Input[]} inputs
 * @property {Sample[]} samples
 * @property {string | null} missing a sentence on samples that were not there when the page was built
 * @property {"switch" | "on" | "off"} trigger
 * @property {number | null} top
 * @property {boolean} compare
 * @property {{height: number, width: number, steps: {op: string}[]} | null} input the first card's input pipeline, so that the
 *   widget has its size before the card is here
 * @property {{count: number, longest: number} | null} labels how many classes the networks know, and how long the longest of
 *   their names is, for the same reason
 * @property {import("../triggers/placement.mjs").Placement | null} placement where a movable trigger lies at first (default: where
 *   the card says)
 * @property {Stored | null} stored
 * @property {Inside[] | null} inside what is shown of the networks' insides, one a model
 */

/**
 * Without a pipeline, a drawn character.
 *
 * @param {Config} config
 * @returns {import("./card.mjs").InputKind}
 */
export function configuredKind({ input }) {
  return input ? inputKind(input) : "digit";
}

/**
 * @param {string | null} text
 * @returns {Config}
 * @throws {WidgetError} config
 */
export function parseConfig(text) {
  /** @type {any} */
  let given;
  try {
    given = JSON.parse(text ?? "");
  } catch (error) {
    throw new WidgetError("config", { found: "Its config attribute is not JSON" }, { cause: error });
  }
  const models = given?.models;
  if (!Array.isArray(models) || models.length === 0 || models.some((model) => typeof model?.card !== "string")) {
    throw new WidgetError("config", { found: "Its config names no model card" });
  }
  if (models.some(({ bytes, sha256 }) => !isHash(sha256) || !(bytes > 0))) {
    throw new WidgetError("config", { found: "Its config names a model card without its size and SHA-256" });
  }
  return {
    id: given.id ?? "demo",
    title: given.title ?? "",
    models,
    inputs: given.inputs ?? ["draw", "samples", "upload", "camera"],
    samples: given.samples ?? [],
    missing: given.missing ?? null,
    trigger: given.trigger ?? "switch",
    top: given.top ?? null,
    compare: given.compare ?? models.length > 1,
    input: given.input ?? null,
    labels: given.labels ?? null,
    placement: given.placement ?? null,
    stored: given.stored ?? null,
    inside: given.inside ?? null,
  };
}
