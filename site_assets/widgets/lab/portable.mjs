/**
 * Random numbers that are the same in every language: the twin of `training/core/portable.py`. The generator is Chris
 * Doty-Humphrey's sfc32.
 * @module
 */

/** Streams of a run: which samples are poisoned, the initial weights, and those of the defences and of the game. */
export const POISON = 0;
export const WEIGHTS = 1;
export const SEARCH = 2;
export const STRIP = 3;
export const TUNING = 4;
export const ROUND = 5;
export const INBOX = 6;
/** The stream of the samples' order in an epoch is this plus the epoch's number, counted from 1. */
export const ORDERS = 1 << 16;

const INCREMENT = 0x9e3779b9;
const WARM_UP = 15;
const WORDS = 2 ** 32;

/** One stream of random numbers. */
export class Portable {
  #a;
  #b;
  #c = INCREMENT | 0;
  #count = 1;

  /**
   * @param {number} seed 0 to 2**32 - 1
   * @param {number} stream streams of the same seed are independent of each other
   */
  constructor(seed, stream) {
    this.#a = seed | 0;
    this.#b = stream | 0;
    for (let i = 0; i < WARM_UP; i++) this.word();
  }

  /** A number from 0 to 2**32 - 1. */
  word() {
    const found = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + found) | 0;
    return found >>> 0;
  }

  /** A number from 0 up to, but not, 1: a multiple of 2**-32. */
  uniform() {
    return this.word() / WORDS;
  }

  /** A number from 0 to `end - 1`. @param {number} end at most 2**21, so that the product is exact */
  below(end) {
    return Math.floor((this.word() * end) / WORDS);
  }

  /** The numbers from 0 to `n - 1` in random order, by Fisher and Yates from the end. @param {number} n */
  permutation(n) {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let last = n - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [order[last], order[other]] = [order[other], order[last]];
    }
    return order;
  }
}
