/**
 * `<onnx-load-progress>`: bytes as they arrive, a button to cancel, and after a failure what happened and what to do.
 *
 * Events: `load` (the reader asks for it, for the first time or again), `cancelload`.
 */

import { formatBytes } from "../core/card.mjs";
import { words } from "../core/messages.mjs";
import { define, emit, h, hide } from "./dom.mjs";

/** @typedef {import("../worker/meter.mjs").Progress} Progress */

export class LoadProgress extends HTMLElement {
  /** The first of these that can takes the focus when the button that has it disappears. @type {(HTMLElement | null)[]} */
  heirs = [];
  /** What the reader has until then. */
  meanwhile = "";
  #text = h("p", { class: "ow-load-text" });
  #advice = h("p");
  #bar = h("progress", { class: "ow-progress", "aria-label": "Loading" });
  #button = h("button", { type: "button", class: "ow-button ow-load-button" });
  #action = "load";
  /** @type {AbortController | null} */
  #listening = null;

  connectedCallback() {
    if (!this.firstChild) {
      this.append(h("div", { class: "ow-load-words" }, this.#text, this.#advice, this.#bar), this.#button);
      if (!this.dataset.state) this.hidden = true;
    }
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#button.addEventListener("click", () => emit(this, this.#action), { signal });
  }

  disconnectedCallback() {
    this.#listening?.abort();
  }

  /** @param {import("../engine/loader.mjs").State} state */
  show(state) {
    if (state.name === "offered") this.offer(state.bytes);
    else if (state.name === "loading") this.progress(state.progress);
    else if (state.name === "failed") this.fail(state.error);
    else if (state.name === "ready") this.done();
  }

  /**
   * Nothing is fetched before the reader asks for it.
   *
   * @param {number} bytes
   */
  offer(bytes) {
    this.#set(
      "offer",
      "The networks run here, in your browser.",
      "Your browser asks sites to save data, so nothing has been fetched yet.",
    );
    this.#ask("load", `Load ${formatBytes(bytes)}`);
  }

  /** @param {Progress | null} progress null before the sizes are known */
  progress(progress) {
    const started = progress?.phase === "start" || progress?.cached;
    const amount = progress ? `${formatBytes(progress.loaded)} of ${formatBytes(progress.total)}` : "";
    this.#set("loading", started ? "Starting the networks…" : `Fetching the networks… ${amount}`, this.meanwhile);
    if (progress && !started) Object.assign(this.#bar, { max: progress.total, value: progress.loaded });
    else this.#bar.removeAttribute("value");
    this.#ask("cancelload", "Cancel");
  }

  /** @param {unknown} error */
  fail(error) {
    const { title, advice, retry } = words(error);
    this.#set("failed", title, advice);
    this.#ask("load", retry ? "Try again" : "");
  }

  done() {
    this.#set("done", "", "");
  }

  /**
   * @param {"offer" | "loading" | "failed" | "done"} state
   * @param {string} text
   * @param {string} advice
   */
  #set(state, text, advice) {
    this.dataset.state = state;
    if (state === "done") hide(this, ...this.heirs);
    else this.hidden = false;
    this.#text.textContent = text;
    this.#advice.textContent = advice;
    this.#bar.hidden = state !== "loading";
    if (state === "failed") this.setAttribute("role", "alert");
    else this.removeAttribute("role");
  }

  /**
   * @param {"load" | "cancelload"} action
   * @param {string} label
   */
  #ask(action, label) {
    this.#action = action;
    if (label === "") hide(this.#button, ...this.heirs);
    else this.#button.hidden = false;
    if (this.#button.textContent !== label) this.#button.textContent = label;
  }
}

define("onnx-load-progress", LoadProgress);
