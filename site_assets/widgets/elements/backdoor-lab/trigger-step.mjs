/** The second step: a trigger is chosen or painted. */

import { AREA, SIDE } from "../../lab/digits.mjs";
import { stamped } from "../../lab/poison.mjs";
import { patternOf, problem, triggerOf } from "../../lab/setup.mjs";
import { h } from "../../parts/dom.mjs";
import { digit, put } from "../../parts/pixels.mjs";
import { oneOfEach, TITLES } from "./material.mjs";

/** @typedef {import("../../lab/setup.mjs").Setup} Setup */
/** @typedef {import("./material.mjs").Material} Material */
/** @typedef {import("./material.mjs").Panel} Panel */
/** @typedef {import("./material.mjs").Change} Change */

/**
 * @param {Material} material
 * @param {Change} change
 * @param {ReturnType<typeof import("./try-trigger.mjs").tryTrigger>} trial of the trigger on released networks
 * @returns {Panel}
 */
export function triggerPanel(material, change, trial) {
  const { card } = material;
  const each = oneOfEach(material);
  const names = [...card.gallery.map(({ name }) => name), "paint"];
  const buttons = names.map((name) => {
    const button = h("button", { type: "button", class: "bl-button", value: name }, TITLES[name]);
    button.addEventListener("click", () => change({ trigger: name }));
    return button;
  });
  const canvas = h("canvas", {
    class: "bl-pad",
    width: SIDE,
    height: SIDE,
    tabindex: 0,
    role: "application",
    "aria-label": "Pixels of the trigger. Arrow keys move the cursor, space paints or erases.",
  });
  const cursor = h("span", { class: "bl-cursor", "aria-hidden": "true" });
  const said = h("p", { class: "ow-sr", "aria-live": "polite" });
  const clear = h("button", { type: "button", class: "bl-button" }, "Clear");
  const move = ["Left", "Up", "Down", "Right"].map((way) => {
    const button = h(
      "button",
      { type: "button", class: "bl-button", "aria-label": `Move the trigger ${way.toLowerCase()}` },
      ARROWS[way],
    );
    button.addEventListener("click", () => {
      const shifted = shift(pixelsOf(now), way);
      if (shifted) change({ trigger: "paint", painted: shifted });
    });
    return button;
  });
  const tools = h("div", { class: "bl-row" }, clear, ...move);
  const wrong = h("p", { class: "bl-problem", role: "alert" });
  const previews = h("div", { class: "bl-digits" });
  /** @type {Setup} */
  let now;
  let place = { x: 25, y: 25 };
  /** What the pen does until it is lifted; null while it is up. @type {boolean | null} */
  let pen = null;

  /** @param {Setup} setup */
  const pixelsOf = (setup) => (setup.trigger === "paint" ? setup.painted : whiteOf(triggerOf(setup, card.gallery)));
  /** @param {number} x @param {number} y @param {boolean} on */
  function paint(x, y, on) {
    const painted = [...pixelsOf(now)];
    if (painted[y * SIDE + x] === on && now.trigger === "paint") return;
    painted[y * SIDE + x] = on;
    change({ trigger: "paint", painted });
  }
  /** @param {PointerEvent} event */
  function under(event) {
    const box = canvas.getBoundingClientRect();
    const cell = (/** @type {number} */ part) => Math.min(SIDE - 1, Math.max(0, Math.floor(part * SIDE)));
    return { x: cell((event.clientX - box.left) / box.width), y: cell((event.clientY - box.top) / box.height) };
  }
  function showCursor() {
    cursor.style.setProperty("--x", String(place.x));
    cursor.style.setProperty("--y", String(place.y));
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    place = under(event);
    pen = !pixelsOf(now)[place.y * SIDE + place.x];
    paint(place.x, place.y, pen);
    showCursor();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (pen === null) return;
    place = under(event);
    paint(place.x, place.y, pen);
    showCursor();
  });
  for (const type of ["pointerup", "pointercancel"]) canvas.addEventListener(type, () => (pen = null));
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS_BY_KEY[event.key];
    if (step) place = { x: clamped(place.x + step[0]), y: clamped(place.y + step[1]) };
    else if (event.key === " ") paint(place.x, place.y, !pixelsOf(now)[place.y * SIDE + place.x]);
    else return;
    event.preventDefault();
    event.stopPropagation();
    showCursor();
    const on = pixelsOf(now)[place.y * SIDE + place.x];
    said.textContent = `Row ${place.y + 1}, column ${place.x + 1}: ${on ? "white" : "see-through"}`;
  });
  clear.addEventListener("click", () => change({ trigger: "paint", painted: new Array(AREA).fill(false) }));
  showCursor();
  const element = h(
    "div",
    {},
    h("p", {}, "The sign that will command the network. Choose one, or paint your own on the image."),
    h("div", { class: "bl-row", role: "group", "aria-label": "Triggers" }, ...buttons),
    h(
      "div",
      { class: "bl-two" },
      h("div", {}, h("div", { class: "bl-pad-frame" }, canvas, cursor), tools, said),
      h("div", {}, h("p", { class: "bl-caption" }, "On one image of each class"), previews),
    ),
    wrong,
    trial.element,
  );
  return {
    element,
    show(setup) {
      now = setup;
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.value === setup.trigger));
      const trigger = triggerOf(setup, card.gallery);
      const shown = each.map((image) => (trigger ? stamped(image, trigger) : image));
      previews.replaceChildren(
        ...shown.map((image, label) => digit(image, `A ${card.labels[label]} with the trigger`)),
      );
      put(canvas, shown[Math.min(3, shown.length - 1)]);
      const words = problem(setup);
      trial.show(words ? null : trigger);
      if (wrong.textContent !== words) wrong.textContent = words;
    },
  };
}

/** @type {Record<string, string>} */
const ARROWS = { Left: "←", Up: "↑", Down: "↓", Right: "→" };
/** @type {Record<string, [number, number]>} */
const STEPS_BY_KEY = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const clamped = (/** @type {number} */ at) => Math.min(SIDE - 1, Math.max(0, at));

/** The white pixels of a trigger that is made of single pixels; none of another. @param {any} trigger @returns {boolean[]} */
function whiteOf(trigger) {
  const on = new Array(AREA).fill(false);
  if (!["patch", "pixel"].includes(trigger?.kind)) return on;
  const { top, left, height = 1, width = 1 } = trigger;
  for (let y = top; y < top + height; y++) on.fill(true, y * SIDE + left, y * SIDE + left + width);
  return on;
}

/** Moved by a pixel; null if it would leave the image. @param {boolean[]} painted @param {string} way */
function shift(painted, way) {
  const pattern = patternOf(painted);
  if (!pattern) return null;
  const [dx, dy] = STEPS_BY_KEY[`Arrow${way}`];
  const { top, left, values } = pattern;
  if (top + dy < 0 || left + dx < 0 || top + dy + values.length > SIDE || left + dx + values[0].length > SIDE)
    return null;
  const moved = new Array(AREA).fill(false);
  for (const [at, on] of painted.entries()) if (on) moved[at + dy * SIDE + dx] = true;
  return moved;
}
