/** Notices a computation that does not end: a thread that computes cannot be asked how long it will take. */

/** Many times what the largest released network needs on a slow phone. */
export const PATIENCE_S = 20;

export class Watchdog {
  #onOverdue;
  #seconds = 0;
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;

  /** @param {() => void} onOverdue the computation has not ended; called once */
  constructor(onOverdue) {
    this.#onOverdue = onOverdue;
  }

  /** A computation begins, or the one that is watched has got on. */
  begin() {
    this.#seconds = 0;
    this.#timer ??= this.#nextTick();
  }

  end() {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Seconds are counted and not read off the clock: while the machine slept, the worker slept too. */
  #nextTick() {
    return setTimeout(() => {
      this.#timer = null;
      if (++this.#seconds < PATIENCE_S) this.#timer = this.#nextTick();
      else this.#onOverdue();
    }, 1000);
  }
}
