/** Adds the downloads of a load up. */

/**
 * @typedef {object} Progress
 * @property {"download" | "start" | "ready"} phase
 * @property {number} loaded
 * @property {number} total
 * @property {boolean} cached
 * @property {string[]} opened keys of networks that can answer already
 */

/** Reports at most every 50 ms. */
export class Meter {
  /** @type {Map<string, {total: number, loaded: number, cached: boolean}>} */
  #parts = new Map();
  /** @type {string[]} */
  opened = [];
  #last = 0;
  /** @type {(progress: Progress) => void} */
  #report;

  /** @param {(progress: Progress) => void} report */
  constructor(report) {
    this.#report = report;
  }

  /**
   * @param {string} part
   * @param {number} total
   */
  expect(part, total) {
    this.#parts.set(part, { total, loaded: 0, cached: false });
  }

  /**
   * @param {string} name
   * @returns {(loaded: number, cached: boolean) => void}
   */
  of(name) {
    return (loaded, cached) => {
      const part = this.#parts.get(name);
      if (part) Object.assign(part, { loaded: Math.min(loaded, part.total), cached });
      const now = performance.now();
      if (now - this.#last < 50) return;
      this.#last = now;
      this.post("download");
    };
  }

  /** @param {Progress["phase"]} phase */
  post(phase) {
    const parts = [...this.#parts.values()];
    const total = parts.reduce((sum, part) => sum + part.total, 0);
    const loaded = phase === "ready" ? total : parts.reduce((sum, part) => sum + part.loaded, 0);
    const cached = parts.every((part) => part.cached || part.loaded === 0);
    this.#report({ phase, loaded, total, cached, opened: [...this.opened] });
  }
}
