/**
 * `<onnx-photo-stage>`: the picture as a network of photographs sees it, large, with an overlay to take hold of.
 *
 * The overlay is stamped here with the function that the worker uses, so that it follows the pointer at once; when the
 * worker has answered, its pixels are shown. Events: `place` with `{placement, finished}`.
 */

import { addAlpha } from "../core/pixels.mjs";
import { OverlayHandle } from "../inputs/overlay-handle.mjs";
import { define, emit, h, hide } from "../parts/dom.mjs";
import { samePlacement } from "../triggers/placement.mjs";
import { movable, readyTrigger, stamp } from "../triggers/registry.mjs";

/** @typedef {import("../triggers/registry.mjs").Movable} Movable */
/** @typedef {import("../triggers/placement.mjs").Placement} Placement */
/** @typedef {import("../triggers/registry.mjs").Picture} Picture */
/** @typedef {import("../triggers/registry.mjs").Trigger} Trigger */

export class PhotoStage extends HTMLElement {
  handle = new OverlayHandle();
  /** What the picture shows, for those who cannot see it. */
  alt = "The chosen picture";
  /** Takes the focus when the overlay that has it goes. @type {HTMLElement | null} */
  heir = null;
  #canvas = h("canvas", { class: "ow-pixels", role: "img", "aria-label": "No picture yet" });
  /** @type {Picture | null} */
  #plain = null;
  /** @type {Trigger | null} */
  #trigger = null;
  /** Whether the trigger's artwork has been unpacked. */
  #ready = false;
  #stamped = false;
  /** @type {AbortController | null} */
  #listening = null;

  /** @param {{height: number, width: number}} size what the network takes */
  constructor({ height, width } = { height: 224, width: 224 }) {
    super();
    Object.assign(this.#canvas, { height, width });
    this.handle.hidden = true;
  }

  connectedCallback() {
    if (!this.#canvas.isConnected) this.prepend(this.#canvas, this.handle);
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.handle.addEventListener("place", () => this.#paint(), { signal });
    this.#canvas.addEventListener("click", (event) => this.#put(event), { signal });
  }

  disconnectedCallback() {
    this.#listening?.abort();
  }

  /** What can be moved here, if the trigger can. @returns {Movable | null} */
  get overlay() {
    return movable(this.#trigger);
  }

  /** Where the reader put the overlay; null for a trigger that has one place. @returns {Placement | null} */
  get placement() {
    return this.overlay ? this.handle.placement : null;
  }

  /**
   * @param {Trigger | null} trigger of the shown networks
   * @param {Placement | null} home where an overlay lies at first, when not where the trigger says
   * @param {Placement | null} placement where it lies now, when not there
   */
  async configure(trigger, home, placement) {
    this.#trigger = trigger;
    this.#ready = false;
    const { overlay, handle } = this;
    if (overlay) {
      handle.home = home ?? overlay.home;
      handle.placement = placement ?? handle.home;
      handle.name = overlay.name;
      handle.aspect = overlay.aspect;
    }
    this.#paint();
    await readyTrigger(trigger);
    if (this.#trigger !== trigger) return;
    this.#ready = true;
    this.#paint();
  }

  set stamped(on) {
    this.#stamped = on;
    this.#paint();
  }

  get stamped() {
    return this.#stamped;
  }

  /** Another picture. @param {Picture | null} plain as the network sees it, without the trigger */
  set picture(plain) {
    this.#plain = plain;
    this.#paint();
  }

  get picture() {
    return this.#plain;
  }

  /**
   * What the network was given of the picture that is shown.
   *
   * @param {{plain: Picture | null, stamped: Picture | null}} seen
   * @param {Placement | null} placement where the overlay lay then
   */
  show({ plain, stamped }, placement) {
    if (plain) this.#plain = plain;
    const current = !placement || (this.placement !== null && samePlacement(placement, this.placement));
    if (this.#stamped && stamped && current) this.#draw(stamped);
    else this.#paint();
  }

  clear() {
    this.picture = null;
  }

  #paint() {
    const stamping = this.#stamped && this.#trigger !== null;
    if (stamping && this.overlay && this.#plain) this.handle.hidden = false;
    else hide(this.handle, this.heir);
    const { width, height } = this.#canvas;
    this.toggleAttribute("data-filled", this.#plain !== null);
    if (!this.#plain) {
      this.#canvas.getContext("2d")?.clearRect(0, 0, width, height);
      this.#canvas.setAttribute("aria-label", "No picture yet");
      return;
    }
    const stamps = stamping && this.#ready && this.#trigger;
    this.#draw(stamps ? stamp(this.#plain, stamps, this.placement) : this.#plain);
  }

  /** @param {Picture} picture */
  #draw({ height, width, channels, data }) {
    const canvas = this.#canvas;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    canvas.getContext("2d")?.putImageData(new ImageData(addAlpha(data, channels), width, height), 0, 0);
    const trigger = this.#stamped ? `, with ${this.overlay ? this.overlay.name.toLowerCase() : "the trigger"}` : "";
    canvas.setAttribute("aria-label", `${this.alt}, as the network is given it${trigger}`);
  }

  /** A click on the picture puts the overlay there. @param {MouseEvent} event */
  #put(event) {
    if (this.handle.hidden) return;
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    const { placement } = this.handle;
    this.handle.placement = { ...placement, x: (event.clientX - left) / width, y: (event.clientY - top) / height };
    emit(this.handle, "place", { placement: this.handle.placement, finished: true });
  }
}

define("onnx-overlay-handle", OverlayHandle);
define("onnx-photo-stage", PhotoStage);
