/**
 * `<onnx-overlay-handle>`: a frame around an overlay, to drag, to resize by a corner and to turn by the knob, with one pointer, two
 * fingers, the wheel or the keyboard. The owner paints the pixels.
 *
 * Set `name`, `aspect` and `placement`. Events: `place` with `{placement, finished}`.
 */

import { define, emit, h } from "../parts/dom.mjs";
import {
  adjust,
  describePlacement,
  dragged,
  knobFitsBelow,
  pinched,
  resized,
  tidy,
  turned,
} from "../triggers/placement.mjs";

/** @typedef {import("../triggers/placement.mjs").Placement} Placement */
/** @typedef {import("../triggers/placement.mjs").Point} Point */
/** @typedef {(from: Placement, start: Point, now: Point, room: {width: number, height: number}) => Placement} Gesture */

const STEP = 0.02;
const LEAP = 0.1;
const GROWTH = 1.06;
const DEGREES = 5;
/** From the frame to the middle of the knob that turns it, as `.ow-turn` has it. */
const KNOB_REACH = 32;
const SPEAK_AFTER_MS = 500;

/** @type {Record<string, Parameters<typeof adjust>[1]>} */
const KEYS = {
  ArrowLeft: { x: -1 },
  ArrowRight: { x: 1 },
  ArrowUp: { y: -1 },
  ArrowDown: { y: 1 },
  "+": { size: GROWTH },
  "=": { size: GROWTH },
  "-": { size: 1 / GROWTH },
  "]": { angle: DEGREES },
  ".": { angle: DEGREES },
  "[": { angle: -DEGREES },
  ",": { angle: -DEGREES },
};

const HELP =
  "Arrow keys move, with Shift further; plus and minus resize; comma and full stop turn; Home puts it back. It can also be dragged.";

let lastNumber = 0;

export class OverlayHandle extends HTMLElement {
  /** Its first placement, and the one that Home restores. @type {Placement} */
  home = { x: 0.5, y: 0.5, size: 0.5, angle: 0 };
  #placement = this.home;
  #name = "Overlay";
  #aspect = 1;
  /** What a lone pointer does, by where it took hold. @type {Gesture} */
  #gesture = dragged;
  /** The pointers that hold it. @type {Map<number, {start: Point, now: Point}>} */
  #held = new Map();
  /** The placement when the pointers took hold. */
  #from = this.#placement;
  #help = h("span", { class: "ow-sr", id: `ow-overlay-${++lastNumber}` }, HELP);
  #live = h("span", { class: "ow-sr", role: "status" });
  #speaking = 0;
  #settling = 0;
  /** @type {AbortController | null} */
  #listening = null;

  connectedCallback() {
    if (!this.firstChild) this.#build();
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    /** @type {(type: string, listener: (event: any) => void) => void} */
    const on = (type, listener) => this.addEventListener(type, listener, { signal, passive: false });
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) on(type, (event) => this.#up(event));
    on("wheel", (event) => this.#wheel(event));
    on("keydown", (event) => this.#key(event));
  }

  disconnectedCallback() {
    this.#listening?.abort();
    this.#held.clear();
    clearTimeout(this.#speaking);
    clearTimeout(this.#settling);
  }

  #build() {
    this.tabIndex = 0;
    this.setAttribute("role", "application"); // So that screen readers let the arrow keys through.
    this.setAttribute("aria-roledescription", "movable overlay");
    this.setAttribute("aria-describedby", this.#help.id);
    const corners = ["nw", "ne", "sw", "se"].map((corner) =>
      h("span", { class: "ow-corner", "data-corner": corner, "aria-hidden": "true" }),
    );
    this.append(...corners, h("span", { class: "ow-turn", "aria-hidden": "true" }), this.#help, this.#live);
    this.#show();
  }

  /** What it is, as its frame is called. @param {string} name */
  set name(name) {
    this.#name = name;
    this.#show();
  }

  /** Width by height. @param {number} aspect */
  set aspect(aspect) {
    this.#aspect = aspect;
    this.style.setProperty("--aspect", String(aspect));
    this.#show();
  }

  get placement() {
    return this.#placement;
  }

  set placement(placement) {
    this.#placement = tidy(placement);
    this.#show();
  }

  /**
   * Change it as a button of the page would.
   *
   * @param {Parameters<typeof adjust>[1] | "home"} by
   */
  nudge(by) {
    this.#to(by === "home" ? tidy(this.home) : adjust(this.#placement, by), true);
    this.#speak();
  }

  /** @param {Placement} placement @param {boolean} finished */
  #to(placement, finished) {
    this.placement = placement;
    emit(this, "place", { placement, finished });
  }

  #show() {
    const { x, y, size, angle } = this.#placement;
    for (const [name, value] of Object.entries({ x, y, size, angle }))
      this.style.setProperty(`--${name}`, String(value));
    // Not while it is being turned: the knob would leave the pointer.
    if (this.parentElement && this.#held.size === 0) {
      const below = knobFitsBelow(this.#placement, this.#aspect, KNOB_REACH, this.#room());
      this.toggleAttribute("data-knob-below", below);
    }
    this.setAttribute("aria-label", `${this.#name}: ${describePlacement(this.#placement)}`);
  }

  #speak() {
    clearTimeout(this.#speaking);
    this.#speaking = window.setTimeout(() => {
      this.#live.textContent = describePlacement(this.#placement);
    }, SPEAK_AFTER_MS);
  }

  /** The box of the image below it, on the screen. */
  #room() {
    return /** @type {HTMLElement} */ (this.parentElement).getBoundingClientRect();
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button !== 0 || this.#held.size === 2) return;
    event.preventDefault();
    event.stopPropagation();
    this.focus({ preventScroll: true });
    this.setPointerCapture(event.pointerId);
    const target = event.target instanceof Element ? event.target : this;
    if (this.#held.size === 0) {
      this.#gesture = target.matches(".ow-corner") ? resized : target.matches(".ow-turn") ? turned : dragged;
    }
    const { left, top } = this.#room();
    const at = { x: event.clientX - left, y: event.clientY - top };
    this.#held.set(event.pointerId, { start: at, now: at });
    this.#takeHold();
  }

  /** From here on, what the pointers do counts. */
  #takeHold() {
    this.#from = this.#placement;
    for (const pointer of this.#held.values()) pointer.start = pointer.now;
    this.toggleAttribute("data-held", this.#held.size > 0);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const pointer = this.#held.get(event.pointerId);
    if (!pointer) return;
    const room = this.#room();
    pointer.now = { x: event.clientX - room.left, y: event.clientY - room.top };
    const [first, second] = [...this.#held.values()];
    const placement = second
      ? pinched(this.#from, [first.start, second.start], [first.now, second.now], room)
      : this.#gesture(this.#from, first.start, first.now, room);
    this.#to(placement, false);
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (!this.#held.delete(event.pointerId)) return;
    this.#gesture = dragged; // A finger that stays keeps dragging.
    this.#takeHold();
    if (this.#held.size === 0) this.#to(this.#placement, true);
  }

  /** Only once it has been taken hold of, so that scrolling past leaves it alone. @param {WheelEvent} event */
  #wheel(event) {
    if (!this.matches(":focus")) return;
    event.preventDefault();
    const turns = Math.sign(event.deltaY || event.deltaX);
    this.#to(adjust(this.#placement, event.shiftKey ? { angle: turns * 2 } : { size: 1.03 ** -turns }), false);
    clearTimeout(this.#settling);
    this.#settling = window.setTimeout(() => this.#to(this.#placement, true), SPEAK_AFTER_MS);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = KEYS[event.key];
    if (!by && event.key !== "Home") return;
    event.preventDefault();
    event.stopPropagation(); // Themes have keys of their own: full stop and comma turn pages.
    const step = event.shiftKey ? LEAP : STEP;
    this.nudge(by ? { ...by, x: (by.x ?? 0) * step, y: (by.y ?? 0) * step } : "home");
  }
}

define("onnx-overlay-handle", OverlayHandle);
