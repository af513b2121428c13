/** Whether a defence was right, in words: the lab knows what was planted, and its defences do not. */

import { list } from "../core/list.mjs";

/** @typedef {{which: string, recipe: {attack: {poison_rate: number}}}} Case which network, and what was done to its data */

/** Attack success below which an attack counts as gone. */
const GONE = 0.1;

/** Whether there is anything to find. @param {Case} on */
export const planted = ({ which, recipe }) => which !== "clean" && recipe.attack.poison_rate > 0;

/** @param {boolean} right @param {boolean} there */
export function judged(right, there) {
  if (right) return there ? "Right: there is a backdoor." : "Right: there is none.";
  return there ? "Wrong: there is a backdoor, and this did not find it." : "Wrong: there is none.";
}

/** @param {number[]} which @param {string[]} labels */
const named = (which, labels) => list(which.map((label) => labels[label]));

/**
 * What a defence suspects.
 *
 * @param {[one: string, several: string]} what the labels are of
 * @param {number[]} which at least one
 * @param {string[]} labels
 */
export function suspicion([one, several], which, labels) {
  return `It suspects ${which.length === 1 ? one : several} ${named(which, labels)}`;
}

/**
 * Whether the classes that a defence suspects are those that it should.
 *
 * @param {number[]} guilty
 * @param {number[]} suspects
 * @param {string[]} labels
 */
export function accusation(guilty, suspects, labels) {
  const wrongly = suspects.filter((label) => !guilty.includes(label));
  const found = suspects.some((label) => guilty.includes(label));
  if (guilty.length > 0 && !found) return judged(false, true);
  if (wrongly.length === 0) return judged(true, found);
  const rightly = suspects.filter((label) => guilty.includes(label));
  return found ? `Right about ${named(rightly, labels)}, wrong about ${named(wrongly, labels)}.` : judged(false, false);
}

/**
 * Whether a repair removed the backdoor.
 *
 * @param {number} before attack success
 * @param {number} after
 * @param {Case} on
 */
export function cured(before, after, on) {
  if (!planted(on)) return "There was no backdoor to remove.";
  if (before < GONE) return "The attack did not work before either.";
  return after < GONE ? "The backdoor is gone." : "The backdoor is still there.";
}
