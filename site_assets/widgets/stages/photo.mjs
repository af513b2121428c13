/**
 * The stage of networks that take photos: the image as the network is given it, large, with a movable trigger to take hold
 * of.
 *
 * The trigger is stamped here with the function that the worker uses, so that it follows the pointer at once; when the
 * worker has answered, its pixels are shown.
 */

import { addAlpha } from "../core/image.mjs";
import { OverlayHandle } from "../inputs/overlay-handle.mjs";
import { CHOSEN_FILE } from "../inputs/source.mjs";
import { emit, h, hide, iconButton } from "../parts/dom.mjs";
import { hintText } from "../parts/hint.mjs";
import { samePlacement } from "../triggers/placement.mjs";
import { movable, readyTrigger, stamp } from "../triggers/registry.mjs";

/** @typedef {import("../core/image.mjs").Image} Image */
/** @typedef {import("../triggers/placement.mjs").Placement} Placement */
/** @typedef {import("../triggers/registry.mjs").Trigger} Trigger */
/** @typedef {import("./stage.mjs").Owned} Owned */
/** @typedef {import("./stage.mjs").Stage} Stage */

const LIVE = "The camera’s image";
const EMPTY = "No image yet";

/** @implements {Stage} */
export class PhotoStage {
  element;
  pad = null;
  editing = null;
  seen = null;
  placing = placingTools();
  focusTarget;
  classes = 100;
  cameraSide;
  /** Takes the focus when the trigger that has it disappears. @type {HTMLElement | null} */
  heir = null;
  #config;
  #models;
  #handle = new OverlayHandle();
  #canvas = h("canvas", { class: "ow-pixels", role: "img", "aria-label": EMPTY });
  #hint;
  /** What the image shows, for those who cannot see it. */
  #alt = CHOSEN_FILE;
  /** As the network is given it, without the trigger. @type {Image | null} */
  #plain = null;
  /** @type {Trigger | null} */
  #trigger = null;
  /** Whether the trigger can be stamped: its artwork is unpacked. */
  #ready = false;
  #stamped = false;

  /** @param {Owned} owned */
  constructor({ config, models, video }) {
    this.#config = config;
    this.#models = models;
    const { height, width } = config.input ?? { height: 224, width: 224 };
    Object.assign(this.#canvas, { height, width });
    this.cameraSide = height;
    this.#handle.hidden = true;
    this.#hint = h("div", { class: "ow-hint", "aria-hidden": "true" }, hintText(config.inputs));
    this.element = h("div", { class: "ow-stage" }, this.#canvas, this.#handle, video, this.#hint);
    this.element.tabIndex = -1; // So that it can take the focus from a button that disappears.
    this.focusTarget = this.element;
  }

  /** @type {Stage["listen"]} */
  listen(signal, { onPlaced }) {
    this.#handle.addEventListener(
      "place",
      (event) => {
        this.#paint();
        onPlaced(/** @type {CustomEvent} */ (event).detail.finished);
      },
      { signal },
    );
    this.#canvas.addEventListener("click", (event) => this.#put(event), { signal });
    this.placing.addEventListener(
      "click",
      ({ target }) => {
        const by = target instanceof Element && target.closest("button")?.dataset.by;
        if (by) this.#handle.nudge(JSON.parse(by));
      },
      { signal },
    );
  }

  get #movable() {
    return movable(this.#trigger);
  }

  get placement() {
    return this.#movable ? this.#handle.placement : null;
  }

  get moved() {
    const { placement } = this;
    return placement && !samePlacement(placement, this.#handle.home) ? placement : undefined;
  }

  get stamped() {
    return this.#stamped;
  }

  set stamped(on) {
    this.#stamped = on;
    this.#paint();
  }

  /** @type {Stage["configure"]} */
  async configure(placed) {
    const { trigger } = this.#models;
    this.#trigger = trigger;
    this.#ready = false;
    const place = this.#movable;
    if (place) {
      this.#handle.home = this.#config.placement ?? place.home;
      this.#handle.placement = placed ?? this.#handle.home;
      this.#handle.name = place.name;
      this.#handle.aspect = place.aspect;
    }
    this.#paint();
    await readyTrigger(trigger);
    if (this.#trigger !== trigger) return;
    this.#ready = true;
    this.#paint();
  }

  /** @type {Stage["decode"]} */
  decode(source) {
    return this.#models.look(source);
  }

  /** There is nothing to draw on: where others show ink, this shows what it has. @type {Stage["show"]} */
  show(what) {
    const shown = what === "camera" ? "camera" : "photo";
    if (shown === "camera") this.#alt = LIVE;
    this.element.dataset.shown = shown;
    this.#hint.hidden = this.#plain !== null || shown === "camera";
  }

  /** @type {Stage["setFile"]} */
  setFile(image, alt) {
    this.#alt = alt;
    this.#set(image);
  }

  /** @type {Stage["setFrame"]} */
  setFrame(image) {
    this.#set(image);
  }

  /** @type {Stage["setStill"]} */
  setStill(image, alt) {
    this.#alt = alt;
    this.#set(image);
  }

  /** @type {Stage["showSeen"]} */
  showSeen({ plain, stamped }, { current, placement }) {
    if (!current) return;
    if (plain) this.#plain = plain;
    const inPlace = !placement || (this.placement !== null && samePlacement(placement, this.placement));
    if (this.#stamped && stamped && inPlace) this.#draw(stamped);
    else this.#paint();
  }

  clear() {
    this.#set(null);
  }

  /** @param {Image | null} plain */
  #set(plain) {
    this.#plain = plain;
    this.#paint();
  }

  #paint() {
    const stamping = this.#stamped && this.#trigger !== null;
    if (stamping && this.#movable && this.#plain) this.#handle.hidden = false;
    else hide(this.#handle, this.heir);
    const { width, height } = this.#canvas;
    this.element.toggleAttribute("data-filled", this.#plain !== null);
    if (!this.#plain) {
      this.#canvas.getContext("2d")?.clearRect(0, 0, width, height);
      this.#canvas.setAttribute("aria-label", EMPTY);
      return;
    }
    const trigger = stamping && this.#ready && this.#trigger;
    this.#draw(trigger ? stamp(this.#plain, trigger, this.placement) : this.#plain);
  }

  /** @param {Image} image */
  #draw({ height, width, channels, data }) {
    const canvas = this.#canvas;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    canvas.getContext("2d")?.putImageData(new ImageData(addAlpha(data, channels), width, height), 0, 0);
    const trigger = this.#stamped ? `, with ${this.#movable?.name.toLowerCase() ?? "the trigger"}` : "";
    canvas.setAttribute("aria-label", `${this.#alt}, as the network is given it${trigger}`);
  }

  /** A click on the image puts the trigger there. @param {MouseEvent} event */
  #put(event) {
    if (this.#handle.hidden) return;
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    const { placement } = this.#handle;
    this.#handle.placement = { ...placement, x: (event.clientX - left) / width, y: (event.clientY - top) / height };
    emit(this.#handle, "place", { placement: this.#handle.placement, finished: true });
  }
}

/** Buttons that do what moving a trigger by hand does. */
function placingTools() {
  /** @type {[name: Parameters<typeof iconButton>[0], label: string, by: object | string][]} */
  const tools = [
    ["smaller", "Smaller", { size: 1 / 1.1 }],
    ["larger", "Larger", { size: 1.1 }],
    ["left", "Turn left", { angle: -10 }],
    ["right", "Turn right", { angle: 10 }],
    ["home", "Put it back", "home"],
  ];
  const buttons = tools.map(([name, label, by]) => {
    const button = iconButton(name, label);
    button.dataset.by = JSON.stringify(by);
    return button;
  });
  return h("div", { class: "ow-group ow-placing", role: "group", "aria-label": "Place the overlay" }, ...buttons);
}
