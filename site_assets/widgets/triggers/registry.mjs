/**
 * The kinds of trigger, and what a page and its worker ask of any of them; the twin of `training/triggers/registry.py`.
 *
 * Another kind is another module that exports a `Kind`, and a line in the table below.
 * @module
 */

import { blend } from "./blend.mjs";
import { overlay } from "./overlay.mjs";
import { patch, pattern, pixel } from "./pixels.mjs";
import { sinusoid } from "./sinusoid.mjs";
import { warp } from "./warp.mjs";

/**
 * @typedef {import("../core/image.mjs").Image} Image
 * @typedef {import("./placement.mjs").Placement} Placement
 * @typedef {{ height: number, width: number }} Size of an image, in pixels
 * @typedef {{ top: number, left: number, height: number, width: number }} Box in pixels
 * @typedef {{ kind: string }} Trigger as a model card has it; only its own module looks into it
 */
/**
 * @typedef {object} Movable a trigger that the reader can place
 * @property {string} name what is placed
 * @property {number} aspect its width over its height
 * @property {Placement} home where it lies when nobody says otherwise
 */
/**
 * @template T
 * @typedef {object} Kind
 * @property {(image: Image, trigger: T, placement: Placement) => Image} stamp
 *   a copy of the image with the trigger on it; throws a RangeError if it does not fit
 * @property {(trigger: T, size: Size) => Box | null} outline
 *   the box around the pixels that it covers; null where it covers the whole image
 * @property {(trigger: T, size: Size) => string} describe what it does, in a few words, for the switch
 * @property {(trigger: T) => Promise<void>} [ready] what stamping needs, done once; throws a RangeError if it is damaged
 * @property {(trigger: T) => Movable} [movable] absent for a kind that has no place
 */

/** @type {Record<string, Kind<any>>} */
const KINDS = {
  patch,
  pixel,
  pattern,
  overlay,
  blend,
  warp,
  sinusoid,
};

/** @param {Trigger} trigger @returns {Kind<any>} */
function kindOf({ kind }) {
  if (!Object.hasOwn(KINDS, kind)) throw new RangeError(`the card's trigger is of a kind that is not known: “${kind}”`);
  return KINDS[kind];
}

/**
 * Prepare what stamping needs; once for each trigger, before the first `stamp`.
 * @param {Trigger | null | undefined} trigger
 * @returns {Promise<void>}
 * @throws {RangeError} if the trigger's artwork is damaged, or its kind is not known
 */
export async function readyTrigger(trigger) {
  if (trigger) await kindOf(trigger).ready?.(trigger);
}

/**
 * A copy of the image with the trigger on it.
 * @param {Image} image
 * @param {Trigger} trigger
 * @param {Placement | null} [placement] where a movable trigger lies (default: where the card says)
 * @returns {Image}
 * @throws {RangeError} if the trigger does not fit in the image
 */
export function stamp(image, trigger, placement) {
  return kindOf(trigger).stamp(image, trigger, placement ?? /** @type {Placement} */ (movable(trigger)?.home));
}

/**
 * The box around the pixels that a trigger covers; null where it covers the whole image, which no line shows.
 * @param {Trigger} trigger
 * @param {Size} size of the image
 * @returns {Box | null}
 */
export function outline(trigger, size) {
  return kindOf(trigger).outline(trigger, size);
}

/**
 * What the trigger's switch does, in words.
 * @param {Trigger} trigger
 * @param {Size} size of the image
 * @returns {string}
 */
export function describe(trigger, size) {
  return kindOf(trigger).describe(trigger, size);
}

/**
 * How the reader can place the trigger; null for one that has no place.
 * @param {Trigger | null} trigger
 * @returns {Movable | null}
 */
export function movable(trigger) {
  return (trigger && kindOf(trigger).movable?.(trigger)) ?? null;
}
