/** Live answers: one request at a time, and of those that wait only the newest. */

import { WidgetError } from "../core/messages.mjs";

/**
 * @template Request, Result
 */
export class Latest {
  /** @type {{request: Request, resolve: (result: Result) => void, reject: (error: unknown) => void} | null} */
  #waiting = null;
  #busy = false;
  /** @type {(request: Request) => Promise<Result>} */
  #run;

  /** @param {(request: Request) => Promise<Result>} run */
  constructor(run) {
    this.#run = run;
  }

  /**
   * @param {Request} request
   * @returns {Promise<Result>} rejected with `superseded` when a newer request takes its place
   */
  submit(request) {
    return new Promise((resolve, reject) => {
      this.drop();
      this.#waiting = { request, resolve, reject };
      this.#next();
    });
  }

  /** Drop the request that waits. The one in progress continues. */
  drop() {
    this.#waiting?.reject(new WidgetError("superseded"));
    this.#waiting = null;
  }

  async #next() {
    if (this.#busy || !this.#waiting) return;
    const { request, resolve, reject } = this.#waiting;
    this.#waiting = null;
    this.#busy = true;
    try {
      resolve(await this.#run(request));
    } catch (error) {
      reject(error);
    } finally {
      this.#busy = false;
      this.#next();
    }
  }
}
