/**
 * `<onnx-digit-pad>`: a square to draw on with mouse, touch, pen or the keyboard.
 *
 * Events: `inkstart` when a stroke begins on it, `ink` with `{strokes, finished}` whenever the drawing changes.
 */

import { History } from "../core/history.mjs";
import { dropAlpha } from "../core/image.mjs";
import { enlargement, GRID, onGrid, PEN_WIDTH, pressedWidth, simplify, strokeLines } from "../core/strokes.mjs";
import { define, emit, h, svg } from "../parts/dom.mjs";

/** @typedef {import("../core/strokes.mjs").Stroke} Stroke */
/** @typedef {import("../core/strokes.mjs").Point} Point */

const STEP = 8;
const FINE_STEP = 2;
/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class DigitPad extends HTMLElement {
  /** @type {History<readonly Stroke[]>} */
  #history = new History(/** @type {readonly Stroke[]} */ ([]));
  /** The stroke being drawn. @type {Stroke | null} */
  #current = null;
  /** @type {number | null} */
  #pointer = null;
  /** @type {Point} */
  #cursor = [GRID / 2, GRID / 4];
  #group = svg("g", { class: "ow-strokes" });
  #cross = svg(
    "g",
    { class: "ow-cross" },
    svg("circle", { r: PEN_WIDTH / 2 }),
    svg("path", { d: "M-16 0h32M0-16v32" }),
  );
  #says = h("span", { class: "ow-sr", role: "status" });
  #frame = 0;
  /** @type {OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D | null} */
  #raster = null;
  /** @type {AbortController | null} */
  #listening = null;

  connectedCallback() {
    if (!this.firstChild) this.#build();
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    /** @type {(type: string, listener: (event: any) => void, options?: AddEventListenerOptions) => void} */
    const on = (type, listener, options) => this.addEventListener(type, listener, { ...options, signal });
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", (event) => this.#up(event));
    on("keydown", (event) => this.#key(event));
    on("blur", () => this.#lift());
  }

  disconnectedCallback() {
    this.#listening?.abort();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#current = null;
    this.#pointer = null;
  }

  /** The drawing, without the stroke in progress. @returns {readonly Stroke[]} */
  get strokes() {
    return this.#history.present;
  }

  get canUndo() {
    return this.#history.canUndo;
  }

  get canRedo() {
    return this.#history.canRedo;
  }

  /**
   * Replace the drawing; can be undone.
   *
   * @param {readonly Stroke[]} strokes
   */
  draw(strokes) {
    this.#current = null;
    this.#history.push(strokes);
    this.#changed(true);
  }

  clear() {
    if (this.strokes.length > 0) this.draw([]);
  }

  undo() {
    this.#history.undo();
    this.#changed(true);
  }

  redo() {
    this.#history.redo();
    this.#changed(true);
  }

  /**
   * The drawing as the networks get it: black on white, a small one enlarged.
   *
   * @returns {{height: number, width: number, channels: 3, data: Uint8Array}}
   */
  image() {
    this.#raster ??= Object.assign(document.createElement("canvas"), { width: GRID, height: GRID }).getContext("2d", {
      willReadFrequently: true,
    });
    const context = /** @type {CanvasRenderingContext2D} */ (this.#raster);
    context.resetTransform();
    context.fillStyle = "#fff";
    context.fillRect(0, 0, GRID, GRID);
    Object.assign(context, { lineCap: "round", lineJoin: "round", strokeStyle: "#000" });
    const strokes = this.#all();
    const { scale, x, y } = enlargement(strokes);
    if (scale > 1) context.setTransform(scale, 0, 0, scale, GRID / 2 - scale * x, GRID / 2 - scale * y);
    for (const { path, width } of strokes.flatMap(strokeLines)) {
      context.lineWidth = width / scale;
      context.stroke(new Path2D(path));
    }
    return { height: GRID, width: GRID, channels: 3, data: dropAlpha(context.getImageData(0, 0, GRID, GRID).data) };
  }

  get empty() {
    return this.#all().length === 0;
  }

  #all() {
    return this.#current ? [...this.strokes, this.#current] : this.strokes;
  }

  #build() {
    const hint = "Arrow keys move the pen, space puts it down and lifts it, with shift in small steps.";
    this.setAttribute("role", "application");
    this.setAttribute("aria-roledescription", "drawing pad");
    this.setAttribute("aria-label", this.getAttribute("label") ?? "Draw a digit here");
    this.setAttribute("aria-description", hint);
    this.tabIndex = 0;
    const drawing = svg("svg", { viewBox: `0 0 ${GRID} ${GRID}`, "aria-hidden": "true" }, this.#group, this.#cross);
    this.append(drawing, this.#says);
    this.#render();
  }

  /** @param {PointerEvent} event @returns {Point} with a width where a pen feels how hard it is pressed */
  #at(event) {
    const box = this.getBoundingClientRect();
    const x = onGrid(((event.clientX - box.left) / box.width) * GRID);
    const y = onGrid(((event.clientY - box.top) / box.height) * GRID);
    return event.pointerType === "pen" && event.pressure > 0 ? [x, y, pressedWidth(event.pressure)] : [x, y];
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (this.#pointer !== null || (event.pointerType === "mouse" && event.button !== 0)) return;
    this.classList.remove("ow-by-keys");
    this.#lift();
    this.#pointer = event.pointerId;
    this.setPointerCapture(event.pointerId);
    this.#begin(this.#at(event));
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (event.pointerId !== this.#pointer || !this.#current) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length > 0 ? events : [event]) this.#extend(this.#at(each));
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.#lift();
  }

  /** @param {Point} point */
  #begin(point) {
    emit(this, "inkstart");
    this.#current = [point];
    this.#changed(false);
  }

  /** @param {Point} point */
  #extend(point) {
    const last = this.#current?.at(-1);
    if (!this.#current || !last || (last[0] === point[0] && last[1] === point[1])) return;
    this.#current.push(point);
    this.#changed(false);
  }

  /** End the stroke in progress. */
  #lift() {
    if (!this.#current) return;
    const stroke = simplify(this.#current);
    this.#current = null;
    this.#history.push([...this.strokes, stroke]);
    this.#changed(true);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const arrow = ARROWS[event.key];
    if (event.ctrlKey || event.metaKey) {
      const key = event.key.toLowerCase();
      if (key === "z" && !event.shiftKey) this.undo();
      else if (key === "y" || key === "z") this.redo();
      else return;
    } else if (arrow) {
      const step = event.shiftKey ? FINE_STEP : STEP;
      this.#cursor = [onGrid(this.#cursor[0] + arrow[0] * step), onGrid(this.#cursor[1] + arrow[1] * step)];
      this.#extend([...this.#cursor]);
    } else if (event.key === " " || event.key === "Enter") {
      if (this.#current) this.#lift();
      else this.#begin([...this.#cursor]);
      this.#says.textContent = this.#current ? "Pen down" : "Pen up";
    } else if (event.key === "Escape" && this.#current) {
      this.#lift();
      this.#says.textContent = "Pen up";
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
      this.#says.textContent = "Cleared";
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this.classList.add("ow-by-keys");
    this.#schedule();
  }

  /** @param {boolean} finished */
  #changed(finished) {
    if (finished) {
      cancelAnimationFrame(this.#frame);
      this.#frame = 0;
      this.#render();
      emit(this, "ink", { strokes: this.strokes, finished });
    } else {
      this.#schedule();
    }
  }

  /** Draw and emit at most once a frame. */
  #schedule() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#render();
      if (this.#current) emit(this, "ink", { strokes: this.#all(), finished: false });
    });
  }

  #render() {
    const lines = this.#all().flatMap(strokeLines);
    const { scale } = enlargement(this.strokes); // The pen keeps its width while it is down.
    while (this.#group.childElementCount > lines.length) this.#group.lastElementChild?.remove();
    while (this.#group.childElementCount < lines.length) this.#group.append(svg("path"));
    for (const [i, { path, width }] of lines.entries()) {
      const element = this.#group.children[i];
      if (element.getAttribute("d") !== path) element.setAttribute("d", path);
      element.setAttribute("stroke-width", String(width / scale));
    }
    this.#cross.setAttribute("transform", `translate(${this.#cursor[0]} ${this.#cursor[1]})`);
    this.toggleAttribute("data-pen-down", this.#current !== null);
  }
}

define("onnx-digit-pad", DigitPad);
