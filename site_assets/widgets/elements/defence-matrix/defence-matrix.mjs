/**
 * `<defence-matrix><div><table>…</table></div></defence-matrix>`: a table that the server wrote gets buttons that show one
 * family of columns at a time and sort its rows. Without scripts the table is complete.
 */

import { firstShown, ordered, turned } from "../../core/matrix.mjs";
import { define, h } from "../../parts/dom.mjs";

/** @typedef {import("../../core/matrix.mjs").Direction} Direction */

/** From which width all columns fit. */
const ROOMY = "(min-width: 64em)";
const ALL = "All";

export class DefenceMatrix extends HTMLElement {
  /** @type {HTMLTableRowElement[]} */
  #rows = [];
  /** @type {number | null} */
  #sorted = null;
  /** @type {Direction | null} */
  #direction = null;
  /** @type {AbortController | null} */
  #listening = null;

  connectedCallback() {
    const body = this.querySelector("tbody");
    if (!body || this.querySelector(".bd-tools")) return;
    this.#rows = [...body.rows];
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    const heads = /** @type {HTMLTableCellElement[]} */ ([...this.querySelectorAll("thead th[scope=col]")]);
    this.#addSorting(heads, signal);
    this.#addFamilies(signal);
  }

  disconnectedCallback() {
    this.#listening?.abort();
  }

  /**
   * A button in each column's head, and a list of the columns for small screens, which show no heads.
   *
   * @param {HTMLTableCellElement[]} heads
   * @param {AbortSignal} signal
   */
  #addSorting(heads, signal) {
    const names = heads.map((head) => head.textContent ?? "");
    for (const [column, head] of heads.entries()) {
      const button = h("button", { type: "button" }, names[column]);
      button.addEventListener("click", () => this.#sort(heads, column), { signal });
      head.replaceChildren(button);
    }
    const choice = h("select", {}, h("option", { value: "0" }, "as in the study"));
    for (const [column, name] of names.entries())
      if (column > 0) choice.append(h("option", { value: String(column) }, `best caught by ${name} first`));
    choice.addEventListener(
      "change",
      () => {
        this.#direction = null;
        this.#sort(heads, Number(choice.value));
      },
      { signal },
    );
    this.#tools.append(h("label", { class: "bd-sort" }, "Attacks ", choice));
  }

  get #tools() {
    const found = this.querySelector(".bd-tools");
    if (found) return found;
    const made = h("div", { class: "bd-tools" });
    this.prepend(made);
    return made;
  }

  /** @param {HTMLTableCellElement[]} heads @param {number} column */
  #sort(heads, column) {
    this.#direction = column === 0 ? null : turned(this.#sorted === column ? this.#direction : null);
    this.#sorted = column;
    for (const [at, head] of heads.entries()) {
      if (at === column && this.#direction) head.setAttribute("aria-sort", this.#direction);
      else head.removeAttribute("aria-sort");
    }
    const ranks = this.#rows.map((row) => rankOf(row.cells[column]));
    const order = this.#direction ? ordered(ranks, this.#direction) : this.#rows.keys();
    this.querySelector("tbody")?.append(...[...order].map((row) => this.#rows[row]));
  }

  /** @param {AbortSignal} signal */
  #addFamilies(signal) {
    const groups = [...this.querySelectorAll("thead th[scope=colgroup]")];
    if (groups.length < 2) return;
    const titles = new Map([["", ALL]]);
    for (const group of groups)
      titles.set(/** @type {HTMLElement} */ (group).dataset.family ?? "", group.textContent ?? "");
    const bar = h("div", { class: "bd-show", role: "group", "aria-label": "Which defences to show" });
    const show = (/** @type {string} */ family) => {
      for (const button of bar.children)
        button.setAttribute("aria-pressed", String(button.getAttribute("value") === family));
      for (const cell of /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll("table [data-family]")))
        cell.hidden = family !== "" && cell.dataset.family !== family;
      this.toggleAttribute("all", family === "");
    };
    for (const [family, title] of titles) {
      const button = h("button", { type: "button", value: family }, title);
      button.addEventListener("click", () => show(family), { signal });
      bar.append(button);
    }
    this.#tools.prepend(bar);
    show(firstShown([...titles.keys()].slice(1), matchMedia(ROOMY).matches));
  }
}

/** @param {HTMLTableCellElement} cell */
function rankOf(cell) {
  const rank = Number(cell.dataset.rank);
  return rank >= 0 ? rank : null;
}

define("defence-matrix", DefenceMatrix);
