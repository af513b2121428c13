/** What screen readers say without being asked: one sentence at a time, in a polite live region. */

import { h } from "./dom.mjs";

const REST_MS = 900;

export class Announcer {
  element = h("p", { class: "ow-sr", role: "status", "aria-live": "polite" });
  #waiting = 0;

  /** Once nothing has changed for a while: of sentences in quick succession, only the last is said. @param {string} sentence */
  soon(sentence) {
    this.cancel();
    this.#waiting = window.setTimeout(() => this.now(sentence), REST_MS);
  }

  /** @param {string} sentence empty says nothing, and lets the same sentence be said again */
  now(sentence) {
    this.cancel();
    if (this.element.textContent !== sentence) this.element.textContent = sentence;
  }

  /** Forget the sentence that waits. */
  cancel() {
    clearTimeout(this.#waiting);
  }
}
