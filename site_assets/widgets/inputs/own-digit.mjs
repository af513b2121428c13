/** A reader's own digit in the lab and its game: a pad with its buttons. */

import { button, h } from "../parts/dom.mjs";
import { DigitPad } from "./digit-pad.mjs";

/** @typedef {import("../core/image.mjs").Image} Image */

/**
 * @param {(image: Image | null, finished: boolean) => void} onInk whenever the drawing changes: null when it is empty, and
 *   whether the pen is up
 */
export function ownDigit(onInk) {
  const pad = new DigitPad();
  const undo = button("Undo", () => pad.undo());
  const redo = button("Redo", () => pad.redo());
  const clear = button("Clear", () => pad.clear());
  const tools = [undo, redo, clear];
  const showTools = () => {
    const usable = [pad.canUndo, pad.canRedo, !pad.empty];
    const lost = tools.some((tool, i) => !usable[i] && tool === document.activeElement);
    for (const [i, tool] of tools.entries()) tool.disabled = !usable[i];
    if (lost) pad.focus({ preventScroll: true });
  };
  pad.addEventListener("ink", (event) => {
    const { finished } = /** @type {CustomEvent} */ (event).detail;
    showTools();
    onInk(pad.empty ? null : pad.image(), finished);
  });
  showTools();
  return {
    element: h(
      "div",
      { class: "bl-own" },
      h("div", { class: "bl-paper" }, pad),
      h("div", { class: "bl-row" }, ...tools),
    ),
    pad,
  };
}
