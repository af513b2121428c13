/** What a reader sees of a page's first sample before any network is there: the image, and answers of the page's build. */

import { h } from "../../parts/dom.mjs";

/** @typedef {import("../../core/config.mjs").Config} Config */
/** @typedef {import("../../core/config.mjs").Stored} Stored */
/** @typedef {import("../../stages/stage.mjs").Stage} Stage */

export const MEANWHILE = "Until then, you see answers computed when this page was built.";

export class FirstView {
  #image;
  #seen;
  #stored;

  /**
   * @param {Stage} stage
   * @param {Config} config
   * @param {Stored} stored
   */
  constructor(stage, { samples: [{ src, alt }] }, stored) {
    this.#stored = stored;
    this.#image = h("img", { class: "ow-photo ow-first", src, alt });
    this.#seen = h("img", { class: "ow-first ow-crisp", src: stored.seen.plain, alt: "" });
    stage.element.prepend(this.#image);
    stage.seen?.querySelector("onnx-network-view")?.append(this.#seen);
  }

  /** @param {boolean} stamped */
  set stamped(stamped) {
    const { plain, stamped: triggered } = this.#stored.seen;
    const src = (stamped && triggered) || plain;
    if (this.#seen.getAttribute("src") !== src) this.#seen.src = src;
  }

  /** The input shows its own image. */
  showsImage() {
    this.#image.remove();
  }

  /** Live answers are here, or they are wanted for another image. */
  end() {
    this.#image.remove();
    this.#seen.remove();
  }
}
