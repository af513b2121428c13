/** Features on a plane: where the reader's image lies among test images, without the trigger and with it. */

import { svg } from "../../../parts/dom.mjs";

/** @typedef {import("./figures.mjs").Figure} Figure */
/** @typedef {[x: number, y: number]} Point */
/** @typedef {{scale: number, zero: Point, centres: {clean: Point, target: Point}}} Fit how points lie in the picture */

/** Of the picture; a dot that lies outside stands at the edge. */
const [WIDTH, HEIGHT, EDGE] = [220, 180, 6];

/** @implements {Figure} */
export class PlaneFigure {
  /** @type {readonly number[]} */
  silenced = [];
  /** @type {Fit} */
  #fit;
  #where;
  #without;
  #title;
  #before = svg("circle", { class: "ow-dot-before", r: 4.5 });
  #path = svg("path", { class: "ow-dot-path" });
  #now = svg("circle", { class: "ow-dot", r: 5 });
  #you = svg("g", { class: "ow-you", visibility: "hidden" }, this.#path, this.#before, this.#now);

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#fit = JSON.parse(element.dataset.fit ?? "");
    this.#where = /** @type {HTMLElement} */ (element.querySelector(".ow-where"));
    this.#without = this.#where.textContent;
    this.#title = element.querySelector("figcaption")?.textContent ?? "";
    element.querySelector("svg")?.append(this.#you);
  }

  /** @type {Figure["show"]} */
  show({ plain, stamped: triggered }, stamped) {
    const before = pointOf(plain);
    const now = (stamped ? pointOf(triggered) : null) ?? before;
    if (!before || !now) return "";
    const [x, y] = this.#place(now);
    const [fromX, fromY] = this.#place(before);
    move(this.#now, x, y);
    move(this.#before, fromX, fromY);
    this.#path.setAttribute("d", `M${fromX} ${fromY}L${x} ${y}`);
    this.#you.setAttribute("visibility", "visible");
    this.#you.toggleAttribute("data-moved", now !== before);
    const { clean, target } = this.#fit.centres;
    const distances = { target: distance(now, target), others: distance(now, clean) };
    this.#where.textContent =
      `Your image${now === before ? "" : " with the trigger"}: ${distances.target.toFixed(1)} from the target’s centre, ` +
      `${distances.others.toFixed(1)} from the others’.`;
    return `${this.#title}: its features lie nearest to ${distances.target < distances.others ? "the target" : "other classes"}.`;
  }

  clear() {
    this.#you.setAttribute("visibility", "hidden");
    this.#where.textContent = this.#without;
  }

  /** @param {Point} point @returns {Point} in the picture */
  #place([x, y]) {
    const { scale, zero } = this.#fit;
    return [within(zero[0] + scale * x, WIDTH), within(zero[1] - scale * y, HEIGHT)];
  }
}

/** @param {import("../../../worker/inference.mjs").Scores | null} scores @returns {Point | null} */
function pointOf(scores) {
  if (!scores?.inside) return null;
  const [x, y] = scores.inside.values;
  return [x, y];
}

/** @param {number} value @param {number} size */
function within(value, size) {
  return Math.round(10 * Math.min(size - EDGE, Math.max(EDGE, value))) / 10;
}

/** @param {Point} one @param {Point} other */
function distance([x, y], [otherX, otherY]) {
  return Math.hypot(x - otherX, y - otherY);
}

/** In a way that a style sheet can animate. @param {SVGElement} dot @param {number} x @param {number} y */
function move(dot, x, y) {
  dot.style.transform = `translate(${x}px, ${y}px)`;
}
