/**
 * STRIP (Gao et al. 2019): a trigger keeps the answer the same, whatever images are laid over the input; after
 * `training/defences/strip.py`.
 * @module
 */

import { AREA, imageAt } from "./digits.mjs";
import { Portable, STRIP } from "./portable.mjs";

/** Clean images laid over each input, one at a time, and inputs of each kind. */
export const OVERLAYS = 100;
export const INPUTS = 100;
/** How many deviations below the mean 1 % of a normal distribution lie. */
const ONE_PERCENT = 2.3263478740408408;

/** @typedef {"own" | "clean" | "triggered" | "drawn"} Kind the owner's images, which the boundary is chosen on, and what is judged */
/** @typedef {{kind: Kind, entropy: number}} Judged in bits */

/** Shannon entropy in bits of a softmax over logits. @param {Float32Array} logits */
export function entropy(logits) {
  const largest = Math.max(...logits);
  const exponents = Array.from(logits, (value) => Math.exp(value - largest));
  const sum = exponents.reduce((all, each) => all + each, 0);
  return -exponents.reduce((all, each) => all + (each === 0 ? 0 : (each / sum) * Math.log2(each / sum)), 0);
}

/**
 * Judge inputs one after the other.
 *
 * @param {(images: Uint8Array) => Promise<Float32Array>} ask from images to logits
 * @param {Uint8Array} own the owner's clean images
 * @param {Partial<Record<Kind, Uint8Array>>} inputs in the order in which they are judged
 * @param {{classes: number, seed: number}} of
 * @returns {AsyncGenerator<Judged>}
 */
export async function* judge(ask, own, inputs, { classes, seed }) {
  const rng = new Portable(seed, STRIP);
  const count = own.length / AREA;
  const overlays = Math.min(OVERLAYS, count - 1);
  for (const [kind, images] of /** @type {[Kind, Uint8Array][]} */ ([["own", own], ...Object.entries(inputs)])) {
    for (let at = 0; at < Math.min(INPUTS, images.length / AREA); at++) {
      const order = rng.permutation(count).filter((which) => kind !== "own" || which !== at);
      const input = imageAt(images, at);
      const blended = new Uint8ClampedArray(overlays * AREA);
      for (let row = 0; row < overlays; row++) {
        const overlay = imageAt(own, order[row]);
        for (let i = 0; i < AREA; i++) blended[row * AREA + i] = input[i] + overlay[i];
      }
      const logits = await ask(new Uint8Array(blended.buffer));
      let sum = 0;
      for (let row = 0; row < overlays; row++) sum += entropy(logits.subarray(row * classes, (row + 1) * classes));
      yield { kind, entropy: sum / overlays };
    }
  }
}

/** The entropy below which 1 % of clean inputs lie: a normal distribution is fitted. @param {number[]} usual */
export function boundary(usual) {
  const mean = usual.reduce((sum, value) => sum + value, 0) / usual.length;
  const variance = usual.reduce((sum, value) => sum + (value - mean) ** 2, 0) / usual.length;
  return mean - ONE_PERCENT * Math.sqrt(variance);
}

/**
 * How often a triggered input is more suspicious than a clean one, that is, has the lower entropy; ties count half.
 *
 * @param {number[]} triggered
 * @param {number[]} clean
 */
export function auroc(triggered, clean) {
  let wins = 0;
  for (const one of triggered) for (const other of clean) wins += one < other ? 1 : one === other ? 0.5 : 0;
  return wins / (triggered.length * clean.length);
}
