/** What screen readers are told without being asked: a sentence at a time, in a polite live region. */

import { h } from "./dom.mjs";

const REST_MS = 900;

export class Announcer {
  element = h("p", { class: "ow-sr", role: "status", "aria-live": "polite" });
  #waiting = 0;

  /** When things have come to rest: of sentences that follow each other quickly only the last. @param {string} sentence */
  soon(sentence) {
    this.hush();
    this.#waiting = window.setTimeout(() => this.now(sentence), REST_MS);
  }

  /** @param {string} sentence empty says nothing, and lets the same be said again */
  now(sentence) {
    this.hush();
    if (this.element.textContent !== sentence) this.element.textContent = sentence;
  }

  /** What waits is not said. */
  hush() {
    clearTimeout(this.#waiting);
  }
}
