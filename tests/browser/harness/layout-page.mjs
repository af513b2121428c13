/** What a page shows and where, as plain data: gathered in the page, judged by `layout-faults.mjs`. */

/** @typedef {{left: number, top: number, right: number, bottom: number}} Box in pixels of the document */
/**
 * @typedef {object} Text a run of text in one element
 * @property {string} text
 * @property {string} where the element, for messages
 * @property {Box[]} lines what of each line is shown
 * @property {number} cut pixels of it that are cut off and that no scrolling shows
 * @property {{letters: number, lines: number} | null} broken the word that is broken over most lines
 * @property {boolean} floats over the page's edge or its text, as a drawer or a header does
 */
/** @typedef {{where: string, box: Box, inline: boolean}} Target something to press; inline if it is a link in running text */
/** @typedef {{where: string, label: Box, bar: Box}} Row of a chart whose labels stand above their bars */
/** @typedef {{width: number, scrollWidth: number, texts: Text[], targets: Target[], rows: Row[][]}} Collected */

/**
 * Runs in the page, so it names nothing outside itself.
 *
 * @returns {Collected}
 */
export function collect() {
  const PRESSED =
    "a[href], button, input, select, textarea, summary, label[for], [role=application], .ow-corner, .ow-turn";
  /** @typedef {{box: DOMRect, x: string, y: string}} Clip an element that cuts or scrolls what is in it, by axis */
  /** @typedef {{clips: Clip[], positioned: boolean, floats: Element | null, fixed: boolean, spoken: boolean}} Known */
  /** @type {Map<Element, Known>} */
  const known = new Map();
  /** @type {Known} */
  const root = { clips: [], positioned: true, floats: null, fixed: false, spoken: false };

  /** @param {string} overflow */
  const kind = (overflow) => (overflow === "visible" ? "" : /auto|scroll/.test(overflow) ? "scrolls" : "cuts");

  /** What an element inherits from those around it. @param {Element} element @returns {Known} */
  function know(element) {
    if (element === document.body || element === document.documentElement) return root;
    const found = known.get(element);
    if (found) return found;
    const style = getComputedStyle(element);
    const { position } = style;
    const around = know(/** @type {Element} */ (element.parentElement));
    // What is placed absolutely is clipped by the box that it is placed in, not by those between.
    let outer = around;
    for (let at = element.parentElement; position === "absolute" && at && !outer.positioned; at = at.parentElement)
      outer = know(at);
    const inline = style.display === "inline" || style.display === "contents"; // Such a box clips nothing.
    const [x, y] = inline ? ["", ""] : [kind(style.overflowX), kind(style.overflowY)];
    const box = x || y || style.clip !== "auto" ? element.getBoundingClientRect() : null;
    const own = {
      clips: [...(box ? [{ box, x, y }] : []), ...(position === "fixed" ? [] : outer.clips)],
      positioned: position !== "static" || style.transform !== "none",
      floats: around.floats ?? (position === "fixed" || position === "sticky" ? element : null),
      fixed: around.fixed || position === "fixed",
      spoken:
        around.spoken ||
        style.clipPath.startsWith("inset(50%") ||
        (style.clip !== "auto" && position === "absolute") ||
        (box !== null && box.width <= 1 && box.height <= 1), // Kept for screen readers.
    };
    known.set(element, own);
    return own;
  }

  /** @param {Element} element */
  function name(element) {
    const parts = [];
    for (let at = /** @type {Element | null} */ (element); at && parts.length < 3; at = at.parentElement) {
      const classes = [...at.classList].slice(0, 2).map((each) => `.${each}`);
      parts.unshift(`${at.localName}${at.id ? `#${at.id}` : classes.join("")}`);
    }
    return parts.join(" > ");
  }

  /** @param {Element} element */
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });

  /**
   * What is left of a box inside the elements that clip it, and how much of it cannot be scrolled to.
   *
   * @param {Known} within
   * @param {Box} box
   */
  function clipped({ clips, fixed }, box) {
    const shown = { left: box.left, top: box.top, right: box.right, bottom: box.bottom };
    let cut = 0;
    for (const { box: outer, x, y } of clips) {
      const beside = Math.max(outer.left - shown.left, shown.right - outer.right);
      // The lower end of a line is empty but for a few letters.
      const above = Math.max(outer.top - shown.top, shown.bottom - outer.bottom) - 0.3 * (box.bottom - box.top);
      if (x === "cuts" && shown.right > shown.left) cut = Math.max(cut, beside);
      if (y === "cuts" && shown.bottom > shown.top) cut = Math.max(cut, above);
      if (x)
        Object.assign(shown, { left: Math.max(shown.left, outer.left), right: Math.min(shown.right, outer.right) });
      if (y)
        Object.assign(shown, { top: Math.max(shown.top, outer.top), bottom: Math.min(shown.bottom, outer.bottom) });
    }
    const away = fixed && (shown.right <= 0 || shown.left >= innerWidth); // As a closed drawer is.
    return away ? { shown: { left: 0, top: 0, right: 0, bottom: 0 }, cut: 0 } : { shown, cut };
  }

  /** @param {{left: number, top: number, right: number, bottom: number}} box @returns {Box} */
  const placed = (box) => ({
    left: box.left + scrollX,
    top: box.top + scrollY,
    right: box.right + scrollX,
    bottom: box.bottom + scrollY,
  });

  /** A rectangle a line. @param {Range} range */
  function linesOf(range) {
    /** @type {Box[]} */
    const lines = [];
    for (const { left, top, right, bottom } of range.getClientRects()) {
      const last = lines.at(-1);
      if (right - left < 0.5) continue;
      if (last && Math.abs(last.top - top) < 2)
        Object.assign(last, { left: Math.min(last.left, left), right: Math.max(last.right, right) });
      else lines.push({ left, top, right, bottom });
    }
    return lines;
  }

  /** @param {globalThis.Text} node @param {number} lines */
  function brokenWord(node, lines) {
    if (lines < 2) return null;
    const range = document.createRange();
    let worst = null;
    for (const { 0: word, index } of node.data.matchAll(/[^\s/‐-―-]{3,}/gu)) {
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const count = linesOf(range).length;
      if (count > 1 && (worst === null || word.length / count < worst.letters / worst.lines))
        worst = { letters: word.length, lines: count };
    }
    return worst;
  }

  /** @type {Text[]} */
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!element || !/\S/.test(node.nodeValue ?? "")) continue;
    if (/^(script|style|noscript|template|title|option)$/.test(element.localName)) continue;
    const within = know(element);
    if (within.spoken || !seen(element)) continue;
    range.selectNodeContents(node);
    const lines = linesOf(range);
    const found = lines.map((line) => clipped(within, line));
    const shown = found
      .map((each) => each.shown)
      .filter((each) => each.right - each.left > 1 && each.bottom - each.top > 1);
    // What floats over the page hides what lies behind it, so words that leave it cannot be read.
    const floater = within.floats?.localName === "header" ? within.floats.getBoundingClientRect() : null;
    const beyond = shown.map((line) => (floater ? Math.max(floater.top - line.top, line.bottom - floater.bottom) : 0));
    const cut = Math.max(0, ...found.map((each) => each.cut), ...beyond);
    if (shown.length === 0 && cut <= 0) continue;
    texts.push({
      text: (node.nodeValue ?? "").trim().slice(0, 50),
      where: name(element),
      lines: shown.map(placed),
      cut,
      broken: brokenWord(/** @type {globalThis.Text} */ (node), lines.length),
      floats: within.floats !== null,
    });
  }

  /** @type {Target[]} */
  const targets = [];
  for (const element of document.querySelectorAll(PRESSED)) {
    const within = know(element);
    if (within.spoken || within.floats || !seen(element) || element.matches(":disabled, [type=hidden]")) continue;
    const { shown } = clipped(within, element.getBoundingClientRect());
    if (shown.right - shown.left < 1 || shown.bottom - shown.top < 1) continue;
    const inline = getComputedStyle(element).display === "inline" && element.localName === "a";
    targets.push({
      where: `${name(element)} “${(element.textContent ?? "").trim().slice(0, 30)}”`,
      box: placed(shown),
      inline,
    });
  }

  const rows = [...document.querySelectorAll("onnx-top-k-bars[data-words]")].filter(seen).map((bars) =>
    [...bars.querySelectorAll(".ow-row")].map((row) => {
      const [label, bar] = [".ow-label", ".ow-track"].map((part) => /** @type {Element} */ (row.querySelector(part)));
      range.selectNodeContents(label);
      return {
        where: name(row),
        label: placed(range.getBoundingClientRect()),
        bar: placed(bar.getBoundingClientRect()),
      };
    }),
  );
  const { clientWidth: width, scrollWidth } = document.documentElement;
  return { width, scrollWidth, texts, targets, rows };
}
