/**
 * `<defence-matrix><div class="bd-tools">…</div><div><table>…</table></div></defence-matrix>`: a table that the server wrote,
 * whose tools show one family of columns at a time and sort its rows. Without scripts the table is complete.
 */

import { firstShown, ordered, turned } from "../../core/matrix.mjs";
import { define, h } from "../../parts/dom.mjs";

/** @typedef {import("../../core/matrix.mjs").Direction} Direction */

/** From which width all columns fit; report.css has it too. */
const ROOMY = "(min-width: 64em)";

export class DefenceMatrix extends HTMLElement {
  /** @type {HTMLTableRowElement[]} */
  #rows = [];
  /** @type {HTMLTableCellElement[]} */
  #heads = [];
  /** The column that the rows are sorted by. */
  #sorted = 0;
  /** @type {Direction | null} */
  #direction = null;
  /** @type {AbortController | null} */
  #listening = null;

  connectedCallback() {
    if (this.#rows.length === 0) this.#rows = [...(this.querySelector("tbody")?.rows ?? [])]; // As the study has them.
    this.#heads = [...this.querySelectorAll("thead th[scope=col]")].filter(
      (each) => each instanceof HTMLTableCellElement,
    );
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    if (this.#rows.length > 1) this.#offerOrder(signal);
    this.#offerFamilies(signal);
  }

  disconnectedCallback() {
    this.#listening?.abort();
  }

  /**
   * A button in each column's head, and the list for small screens, which show no heads.
   *
   * @param {AbortSignal} signal
   */
  #offerOrder(signal) {
    for (const [column, head] of this.#heads.entries()) {
      const button = h("button", { type: "button" }, head.textContent);
      button.addEventListener("click", () => this.#sort(column, this.#sorted === column ? this.#direction : null), {
        signal,
      });
      head.replaceChildren(button);
    }
    const choice = this.querySelector("select");
    choice?.addEventListener("change", () => this.#sort(Number(choice.value), null), { signal });
  }

  /**
   * @param {number} column 0 for the order of the study
   * @param {Direction | null} before the column's direction so far
   */
  #sort(column, before) {
    this.#sorted = column;
    this.#direction = column === 0 ? null : turned(before);
    for (const [at, head] of this.#heads.entries()) {
      if (at === column && this.#direction) head.setAttribute("aria-sort", this.#direction);
      else head.removeAttribute("aria-sort");
    }
    const ranks = this.#rows.map((row) => rankOf(row.cells[column]));
    const order = this.#direction ? ordered(ranks, this.#direction) : [...this.#rows.keys()];
    this.querySelector("tbody")?.append(...order.map((row) => this.#rows[row]));
  }

  /** @param {AbortSignal} signal */
  #offerFamilies(signal) {
    const buttons = [...this.querySelectorAll(".bd-show button")].filter((each) => each instanceof HTMLButtonElement);
    const show = (/** @type {string} */ family) => {
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.value === family));
      for (const cell of this.querySelectorAll("table [data-family]"))
        cell.toggleAttribute("hidden", family !== "" && cell.getAttribute("data-family") !== family);
      this.toggleAttribute("all", family === "");
    };
    for (const button of buttons) button.addEventListener("click", () => show(button.value), { signal });
    const families = buttons.map((button) => button.value).filter((family) => family !== "");
    show(firstShown(families, matchMedia(ROOMY).matches));
  }
}

/** @param {HTMLTableCellElement} cell */
function rankOf(cell) {
  const rank = Number(cell.dataset.rank);
  return rank >= 0 ? rank : null;
}

define("defence-matrix", DefenceMatrix);
