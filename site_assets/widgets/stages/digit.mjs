/** The stage of networks that take a drawn character: a pad, the chosen file on top of it, and what the network sees. */

import { addAlpha } from "../core/image.mjs";
import { DigitPad } from "../inputs/digit-pad.mjs";
import { caption, h, hide, iconButton } from "../parts/dom.mjs";
import { hintText } from "../parts/hint.mjs";
import { NetworkView } from "../parts/network-view.mjs";

/** @typedef {import("../core/image.mjs").Image} Image */
/** @typedef {import("../worker/tasks/preview.mjs").Preview} Preview */
/** @typedef {import("./stage.mjs").Owned} Owned */
/** @typedef {import("./stage.mjs").Stage} Stage */

/** A file whose longest side is shorter is enlarged without smoothing. */
const CRISP_BELOW = 100;

/** @implements {Stage} */
export class DigitStage {
  element;
  pad;
  editing;
  seen;
  placing = null;
  focusTarget;
  /** Nothing that disappears here can have the focus. @type {HTMLElement | null} */
  heir = null;
  classes = 10;
  cameraSide = null;
  stamped = false;
  placement = null;
  moved = undefined;
  #models;
  #view = new NetworkView();
  #canvas = h("canvas", { class: "ow-photo", hidden: true, role: "img", "aria-label": "The chosen image" });
  #hint;
  #undo = iconButton("undo", "Undo");
  #redo = iconButton("redo", "Redo");
  #clear = iconButton("clear", "Clear");
  /** Invites to draw where a sample covers the pad. */
  #draw = iconButton("pencil", "Draw your own", { text: true, class: "ow-draw" });

  /** @param {Owned} owned */
  constructor({ config, models, video }) {
    this.#models = models;
    this.pad = config.inputs.includes("draw") ? new DigitPad() : null;
    this.#hint = h("div", { class: "ow-hint", "aria-hidden": "true" }, hintText(config.inputs));
    this.element = h("div", { class: "ow-stage" }, this.#canvas, video, this.#hint, this.pad, this.pad && this.#draw);
    if (!this.pad) this.element.tabIndex = -1; // So that it can take the focus from a button that disappears.
    this.focusTarget = this.pad ?? this.element;
    this.editing = this.pad ? h("span", { class: "ow-group" }, this.#undo, this.#redo, this.#clear) : null;
    this.seen = h("div", {}, caption("What the network sees"), this.#view);
  }

  /** @type {Stage["listen"]} */
  listen(signal, { onClear }) {
    const { pad } = this;
    pad?.addEventListener("ink", () => this.#showTools(), { signal });
    this.#undo.addEventListener("click", () => pad?.undo(), { signal });
    this.#redo.addEventListener("click", () => pad?.redo(), { signal });
    for (const button of [this.#clear, this.#draw]) {
      button.addEventListener(
        "click",
        () => {
          onClear();
          pad?.focus({ preventScroll: true });
        },
        { signal },
      );
    }
  }

  async configure() {}

  /** @type {Stage["decode"]} */
  decode(source) {
    return this.#models.preview(source);
  }

  /** @type {Stage["show"]} */
  show(what) {
    this.element.dataset.shown = what;
    this.#canvas.hidden = what !== "photo";
    this.#showTools();
  }

  /** @param {Preview} preview @param {string} alt */
  setFile({ preview, width, height }, alt) {
    Object.assign(this.#canvas, { width: preview.width, height: preview.height });
    this.#canvas.getContext("2d")?.drawImage(preview, 0, 0);
    preview.close();
    this.#describe(alt, Math.max(width, height) < CRISP_BELOW);
  }

  /** The video shows the live camera. */
  setFrame() {}

  /** @type {Stage["setStill"]} */
  setStill({ width, height, data }, alt) {
    Object.assign(this.#canvas, { width, height });
    this.#canvas.getContext("2d")?.putImageData(new ImageData(addAlpha(data, 3), width, height), 0, 0);
    this.#describe(alt, false);
  }

  /** @type {Stage["showSeen"]} */
  showSeen({ plain, stamped }) {
    const pixels = (this.stamped ? stamped : plain) ?? plain;
    if (pixels) this.#view.show(pixels, this.stamped ? this.#models.trigger : null);
  }

  clear() {
    this.#view.clear();
  }

  /** @param {string} alt @param {boolean} crisp */
  #describe(alt, crisp) {
    this.#canvas.setAttribute("aria-label", alt);
    this.#canvas.classList.toggle("ow-crisp", crisp);
  }

  #showTools() {
    const { pad } = this;
    const drawing = this.element.dataset.shown === "ink";
    const blank = pad?.empty ?? true;
    this.#undo.disabled = !pad?.canUndo;
    this.#redo.disabled = !pad?.canRedo;
    this.#clear.disabled = drawing && blank;
    this.#hint.hidden = !drawing || !blank;
    if (drawing) hide(this.#draw, pad);
    else this.#draw.hidden = false;
    pad?.toggleAttribute("data-behind", !drawing);
  }
}
