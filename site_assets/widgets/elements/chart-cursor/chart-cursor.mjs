/**
 * `<chart-cursor start="2"><svg>…</svg><p class="bd-readout">…</p></chart-cursor>`: a cursor over a chart that the server drew, moved by
 * pointer, touch and keys. The values are those of the table in the same figure; without scripts the chart is complete.
 */

import { nearest, sentence, stepped } from "../../core/columns.mjs";
import { define } from "../../parts/dom.mjs";

/** @typedef {import("../../core/columns.mjs").Column} Column */

export class ChartCursor extends HTMLElement {
  /** @type {Column[]} */
  #columns = [];
  #index = 0;
  /** @type {AbortController | null} */
  #listening = null;

  connectedCallback() {
    this.#columns = columnsOf(this.closest("figure")?.querySelector("table") ?? null);
    if (this.#columns.length === 0) return;
    this.#describe();
    this.#show(Number(this.getAttribute("start")));
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    for (const type of /** @type {const} */ (["pointermove", "pointerdown"]))
      this.#chart.addEventListener(type, (event) => this.#point(event), { signal });
  }

  disconnectedCallback() {
    this.#listening?.abort();
  }

  get #chart() {
    return /** @type {SVGSVGElement} */ (this.querySelector("svg"));
  }

  /** A slider, which screen readers know how to move. */
  #describe() {
    const chart = this.#chart;
    this.tabIndex = 0;
    const about = {
      role: "slider",
      "aria-label": chart.querySelector("title")?.textContent ?? "",
      "aria-describedby": chart.getAttribute("aria-describedby") ?? "",
      "aria-valuemin": "0",
      "aria-valuemax": String(this.#columns.length - 1),
    };
    for (const [name, value] of Object.entries(about)) this.setAttribute(name, value);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = stepped(event.key, this.#index, this.#columns.length);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation(); // Themes have keys of their own.
    this.#show(next);
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const place = this.#chart.getScreenCTM();
    if (place)
      this.#show(nearest(this.#columns, new DOMPoint(event.clientX, event.clientY).matrixTransform(place.inverse()).x));
  }

  /** @param {number} index */
  #show(index) {
    this.#index = index;
    const column = this.#columns[index];
    this.setAttribute("aria-valuenow", String(index));
    this.setAttribute("aria-valuetext", sentence(column));
    const line = this.#chart.querySelector(".bd-cursor");
    line?.setAttribute("d", /** @type {string} */ (line.getAttribute("d")).replace(/^M[\d.]+/, `M${column.x}`));
    for (const [i, ring] of [...this.#chart.querySelectorAll(".bd-cursor-ring")].entries()) {
      ring.setAttribute("cx", String(column.x));
      ring.setAttribute("cy", String(column.values[i].y));
    }
    for (const [i, place] of [...this.querySelectorAll(".bd-readout :is(strong, b)")].entries())
      place.textContent = i === 0 ? column.text : column.values[i - 1].text;
  }
}

/**
 * @param {HTMLTableElement | null} table
 * @returns {Column[]}
 */
function columnsOf(table) {
  const names = [...(table?.querySelectorAll("thead th") ?? [])].slice(1).map((head) => head.textContent ?? "");
  return [...(table?.querySelectorAll("tr[data-x]") ?? [])].map((row) => ({
    x: Number(row.getAttribute("data-x")),
    text: row.querySelector("th")?.textContent ?? "",
    values: [...row.querySelectorAll("td")].map((cell, i) => ({
      name: names[i],
      text: cell.textContent ?? "",
      y: Number(cell.dataset.y),
    })),
  }));
}

define("chart-cursor", ChartCursor);
