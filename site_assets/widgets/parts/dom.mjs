/** Small helpers to build elements without a framework. */

/** @typedef {Node | string | null | undefined | false} Child */

/** @typedef {Record<string, string | number | boolean | null | undefined>} Attributes true is an empty one, false and null none */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The heading of a part. @param {string} text */
export function caption(text) {
  return h("div", { class: "ow-caption" }, text);
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Attributes} [attributes]
 * @param {...SVGElement} children
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

/**
 * @param {Element} element
 * @param {Attributes} attributes
 */
function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Line drawings on a 24 x 24 grid. */
const ICONS = {
  undo: "M9 7 4 12l5 5M4 12h10a5 5 0 0 1 0 10h-2",
  redo: "m15 7 5 5-5 5m5-5H10a5 5 0 0 0 0 10h2",
  clear: "M4 7h16M10 4h4M6 7l1 13h10l1-13M10 11v5m4-5v5",
  photo: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9h.01",
  camera: "M3 8h4l2-3h6l2 3h4v11H3zM12 10a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7",
  stop: "M6 6h12v12H6z",
  flip: "M4 11a8 8 0 0 1 14-4l2 2m0-5v5h-5M20 13a8 8 0 0 1-14 4l-2-2m0 5v-5h5",
  pencil: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  warning: "M12 3 2 21h20zM12 10v5m0 3v.01",
  check: "m5 12 5 5 9-10",
  smaller: "M5 12h14",
  larger: "M5 12h14M12 5v14",
  left: "M4 12a8 8 0 1 0 3-6L4 8.500m0-5v5h5",
  right: "M20 12a8 8 0 1 1-3-6l3 2.500m0-5v5h-5",
  home: "M12 3v5m0 8v5M3 12h5m8 0h5M12 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4",
  target: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18m0 5a4 4 0 1 0 0 8 4 4 0 0 0 0-8",
  lock: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
};

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  return svg(
    "svg",
    { class: "ow-icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: ICONS[name] }),
  );
}

/**
 * A button with an icon, and words that may be hidden from sight but not from screen readers.
 *
 * @param {keyof typeof ICONS} name
 * @param {string} label
 * @param {{text?: boolean, class?: string}} [options]
 */
export function iconButton(name, label, { text = false, class: extra = "" } = {}) {
  const words = h("span", { class: text ? null : "ow-sr" }, label);
  return h(
    "button",
    { type: "button", class: `ow-button ${extra}`.trim(), title: text ? null : label },
    icon(name),
    words,
  );
}

/** A button of the lab. @param {string} label @param {() => void} action */
export function button(label, action) {
  const made = h("button", { type: "button", class: "bl-button" }, label);
  made.addEventListener("click", action);
  return made;
}

/**
 * Hide an element. If the focus is in it, an heir takes it; otherwise it would fall back to the page, and the next keys
 * would not reach the widget.
 *
 * @param {HTMLElement} element
 * @param {...(HTMLElement | null)} heirs the first that takes the focus has it; one that is hidden or disabled does not
 */
export function hide(element, ...heirs) {
  if (element.contains(document.activeElement)) {
    for (const heir of heirs) {
      heir?.focus({ preventScroll: true });
      if (document.activeElement === heir) break;
    }
  }
  element.hidden = true;
}

/**
 * Define a custom element once, however often the page runs the script.
 *
 * @param {string} name
 * @param {CustomElementConstructor} element
 */
export function define(name, element) {
  if (!customElements.get(name)) customElements.define(name, element);
}

/**
 * @template T
 * @param {EventTarget} target
 * @param {string} type
 * @param {T} [detail]
 */
export function emit(target, type, detail) {
  target.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }));
}

/** How many pixels below the viewport a reader counts as near. */
const NEAR = 300;

/** Whether the reader is near an element now. @param {Element} element */
export function isNear(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return top < window.innerHeight + NEAR && bottom > -NEAR;
}

/** Whether the reader's browser asks sites to save data. */
export function savesData() {
  return /** @type {any} */ (navigator).connection?.saveData === true;
}

/**
 * Run a task once the reader comes near an element.
 *
 * @param {Element} element
 * @param {() => void} task
 * @param {AbortSignal} signal
 */
export function whenNear(element, task, signal) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      task();
    },
    { rootMargin: `${NEAR}px` },
  );
  observer.observe(element);
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}

/**
 * Run a task when the page has nothing better to do; Safari does not tell, so it runs soon there.
 *
 * @param {() => void} task
 * @param {AbortSignal} signal
 */
export function whenIdle(task, signal) {
  const run = () => {
    if (!signal.aborted) task();
  };
  if (typeof requestIdleCallback === "function") requestIdleCallback(run, { timeout: 2000 });
  else setTimeout(run, 200);
}
