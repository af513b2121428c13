/**
 * The rules of the game: four networks, at most one of them backdoored, a budget of tests, and a guess.
 * @module
 */

import { Portable, ROUND } from "./portable.mjs";

/** @typedef {"accuracy" | "drawing" | "strip" | "search"} Test */
/** @typedef {{members: number[], guilty: number | null}} Round `members`: numbers of the networks that are dealt; `guilty`: which of the four */
/** @typedef {{right: boolean, points: number}} Outcome */

export const NAMES = ["A", "B", "C", "D"];
/** What a round may cost, and what each test does; a drawing is shown to all four. */
export const BUDGET = 12;
/** @type {Readonly<Record<Test, number>>} */
export const PRICES = { accuracy: 1, drawing: 2, strip: 3, search: 4 };
/** Points for a right guess, beside what is left of the budget. */
export const REWARD = 10;
/** What a reader may add to a drawing: a white square in a corner. @type {{name: string, trigger: import("../triggers/registry.mjs").Trigger | null}[]} */
export const MARKS = [
  { name: "none", trigger: null },
  ...[0, 25].flatMap((top) =>
    [0, 25].map((left) => ({
      name: `white square, ${top === 0 ? "top" : "bottom"} ${left === 0 ? "left" : "right"}`,
      trigger: { kind: "patch", top, left, height: 3, width: 3, value: 255 },
    })),
  ),
];
/** Seeds are below this. */
export const SEEDS = 1_000_000;

/**
 * Deal the networks of a round. A backdoored one is in each of the four places, or in none, equally often.
 *
 * @param {number} seed
 * @param {boolean[]} backdoored which networks of the pool are; at least four are not
 * @returns {Round}
 */
export function deal(seed, backdoored) {
  const rng = new Portable(seed, ROUND);
  const place = rng.below(NAMES.length + 1);
  const of = (/** @type {boolean} */ kind) => [...backdoored.keys()].filter((at) => backdoored[at] === kind);
  const [clean, guilty] = [of(false), of(true)];
  const order = rng.permutation(clean.length);
  const members = NAMES.map((_, at) => clean[order[at]]);
  if (place === NAMES.length) return { members, guilty: null };
  members[place] = guilty[rng.below(guilty.length)];
  return { members, guilty: place };
}

/** @param {string} search the address's query @param {string} id the widget's @returns {number | null} the round that it names */
export function readSeed(search, id) {
  const said = new URLSearchParams(search).get(`${id}.seed`) ?? "";
  return /^\d{1,6}$/.test(said) ? Number(said) : null;
}

/** @param {string} search what belongs to others is kept @param {string} id @param {number} seed */
export function writeSeed(search, id, seed) {
  const query = new URLSearchParams(search);
  query.set(`${id}.seed`, String(seed));
  return `?${query}`;
}

/** What has been spent in one round. */
export class Purse {
  left = BUDGET;
  /** @type {Set<string>} */
  #bought = new Set();

  /** @param {Test} test @param {number | null} which network; null for a test of all four, which can be bought again */
  canBuy(test, which) {
    return PRICES[test] <= this.left && !this.#bought.has(`${test} ${which}`);
  }

  /** @param {Test} test @param {number | null} which @throws {RangeError} if it cannot be bought */
  buy(test, which) {
    if (!this.canBuy(test, which)) throw new RangeError(`${test} of network ${which} cannot be bought`);
    this.left -= PRICES[test];
    if (which !== null) this.#bought.add(`${test} ${which}`);
  }

  /** Give the price back for a test that failed. @param {Test} test @param {number | null} which */
  refund(test, which) {
    this.left += PRICES[test];
    this.#bought.delete(`${test} ${which}`);
  }

  /** @param {number | null} guess null for none @param {number | null} guilty @returns {Outcome} */
  settle(guess, guilty) {
    const right = guess === guilty;
    return { right, points: right ? REWARD + this.left : 0 };
  }
}
