/**
 * `<onnx-sample-strip>`: small images to click. Set `samples` before it is connected.
 *
 * Events: `sample` with `{index}`.
 */

import { define, emit, h } from "../parts/dom.mjs";

/** @typedef {import("../core/config.mjs").Sample} Sample */

export class SampleStrip extends HTMLElement {
  /** @type {Sample[]} */
  samples = [];
  /** @type {HTMLButtonElement[]} */
  #buttons = [];
  /** @type {AbortController | null} */
  #listening = null;

  connectedCallback() {
    if (!this.firstChild) this.#build();
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    for (const [index, button] of this.#buttons.entries()) {
      button.addEventListener("click", () => emit(this, "sample", { index }), { signal });
    }
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
  }

  disconnectedCallback() {
    this.#listening?.abort();
  }

  /** Which one is marked as chosen; null for none. @param {number | null} index */
  set chosen(index) {
    for (const [i, button] of this.#buttons.entries()) {
      button.setAttribute("aria-pressed", String(i === index));
      button.tabIndex = i === (index ?? 0) ? 0 : -1;
    }
  }

  #build() {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", "Samples");
    this.#buttons = this.samples.map(({ src, alt }, i) =>
      h(
        "button",
        { type: "button", class: "ow-sample", "aria-pressed": "false", tabindex: i === 0 ? 0 : -1, title: alt },
        h("img", { src, alt, width: 28, height: 28, loading: "lazy", decoding: "async", draggable: "false" }),
      ),
    );
    this.append(...this.#buttons);
  }

  /** One stop of the tab key; arrows move within. @param {KeyboardEvent} event */
  #key(event) {
    const at = this.#buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const last = this.#buttons.length - 1;
    /** @type {Record<string, number>} */
    const moves = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last };
    const to = moves[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = this.#buttons[Math.min(last, Math.max(0, to))];
    for (const button of this.#buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  }
}

define("onnx-sample-strip", SampleStrip);
