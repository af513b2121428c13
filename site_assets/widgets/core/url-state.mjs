/** What a reader has set up, in the page's address, so that a view can be shared: `?demo.trigger=on&demo.ink=…`. */

import { decodePlacement, encodePlacement } from "../triggers/placement.mjs";
import { decodeStrokes, encodeStrokes } from "./strokes.mjs";

/** @typedef {import("./strokes.mjs").Stroke} Stroke */
/**
 * @typedef {object} ViewState
 * @property {boolean} [trigger]
 * @property {string} [precision]
 * @property {number} [model] the one shown, where models are not side by side
 * @property {number} [sample] index of the chosen sample
 * @property {Stroke[]} [strokes]
 * @property {import("../triggers/placement.mjs").Placement} [placement] where the reader put the overlay
 */

/** A longer drawing is not put into the address: some chats cut links off. */
export const MAX_INK = 1200;

/**
 * @param {string} search the address's query
 * @param {string} id the widget's
 * @returns {ViewState}
 */
export function readState(search, id) {
  const query = new URLSearchParams(search);
  /** @param {string} name */
  const get = (name) => query.get(`${id}.${name}`);
  /** @type {ViewState} */
  const state = {};
  const trigger = get("trigger");
  if (trigger === "on" || trigger === "off") state.trigger = trigger === "on";
  const precision = get("precision");
  if (precision && /^[a-z0-9-]+$/.test(precision)) state.precision = precision;
  for (const name of /** @type {const} */ (["model", "sample"])) {
    const value = get(name);
    if (value && /^[1-9]\d{0,3}$/.test(value)) state[name] = Number(value) - 1;
  }
  const strokes = decodeStrokes(get("ink") ?? "");
  if (strokes?.length) state.strokes = strokes;
  const placement = decodePlacement(get("place") ?? "");
  if (placement) state.placement = placement;
  return state;
}

/**
 * @param {string} search the address's query; what belongs to others is kept
 * @param {string} id the widget's
 * @param {ViewState} state what differs from the default
 * @returns {string} the new query, with its question mark, or ""
 */
export function writeState(search, id, state) {
  const query = new URLSearchParams(search);
  for (const name of ["trigger", "precision", "model", "sample", "ink", "place"]) query.delete(`${id}.${name}`);
  if (state.trigger !== undefined) query.set(`${id}.trigger`, state.trigger ? "on" : "off");
  if (state.precision) query.set(`${id}.precision`, state.precision);
  if (state.model !== undefined) query.set(`${id}.model`, String(state.model + 1));
  if (state.placement) query.set(`${id}.place`, encodePlacement(state.placement));
  if (state.strokes?.length) {
    const ink = encodeStrokes(state.strokes);
    if (ink.length <= MAX_INK) query.set(`${id}.ink`, ink);
  } else if (state.sample !== undefined) {
    query.set(`${id}.sample`, String(state.sample + 1));
  }
  const text = query.toString();
  return text ? `?${text}` : "";
}
