/** Notices what does not end: a computation, whose thread cannot be asked how it gets on, or a download that has stalled. */

export class Watchdog {
  #patience;
  #onOverdue;
  #seconds = 0;
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;

  /**
   * @param {number} patience in seconds
   * @param {() => void} onOverdue it has not ended; called once
   */
  constructor(patience, onOverdue) {
    this.#patience = patience;
    this.#onOverdue = onOverdue;
  }

  /** It begins, or gets on. */
  begin() {
    this.#seconds = 0;
    this.#timer ??= this.#nextTick();
  }

  end() {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Seconds are counted and not read off the clock: while the machine slept, or this thread computed, nothing could end. */
  #nextTick() {
    return setTimeout(() => {
      this.#timer = null;
      if (++this.#seconds < this.#patience) this.#timer = this.#nextTick();
      else this.#onOverdue();
    }, 1000);
  }
}
