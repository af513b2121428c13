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
  /** @typedef {{element: Element, style: CSSStyleDeclaration, box: DOMRect, clipsX: string, clipsY: string}} Known */
  /** @type {Map<Element, Known>} */
  const known = new Map();

  /** @param {Element} element */
  function know(element) {
    let found = known.get(element);
    if (!found) {
      const style = getComputedStyle(element);
      const kind = (/** @type {string} */ overflow) =>
        overflow === "visible" ? "" : overflow === "auto" || overflow === "scroll" ? "scrolls" : "cuts";
      // An inline box clips nothing.
      const box = style.display === "inline" || style.display === "contents";
      found = {
        element,
        style,
        box: element.getBoundingClientRect(),
        clipsX: box ? "" : kind(style.overflowX),
        clipsY: box ? "" : kind(style.overflowY),
      };
      known.set(element, found);
    }
    return found;
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

  /** Kept for screen readers: in the page, but of no size. @param {Element} element */
  function onlySpoken(element) {
    for (let at = /** @type {Element | null} */ (element); at && at !== document.body; at = at.parentElement) {
      const { style, box } = know(at);
      if (style.clipPath !== "none" && style.clipPath.startsWith("inset(50%")) return true;
      if (style.clip !== "auto" && style.position === "absolute") return true;
      if (style.overflowX !== "visible" && box.width <= 1 && box.height <= 1) return true;
    }
    return false;
  }

  /**
   * What is left of a box inside the elements that clip it, and how much of it cannot be scrolled to.
   *
   * @param {Element} element
   * @param {{left: number, top: number, right: number, bottom: number}} box
   */
  function clipped(element, box) {
    const shown = { left: box.left, top: box.top, right: box.right, bottom: box.bottom };
    let cut = 0;
    let floats = false;
    let position = "static";
    for (
      let at = /** @type {Element | null} */ (element);
      at && at !== document.documentElement;
      at = at.parentElement
    ) {
      const { style, box: outer, clipsX, clipsY } = know(at);
      const contains = position !== "absolute" || style.position !== "static" || style.transform !== "none";
      if (contains && at !== document.body) {
        const over = Math.max(outer.left - shown.left, shown.right - outer.right);
        if (clipsX === "cuts" && shown.right > shown.left) cut = Math.max(cut, over);
        const above = Math.max(outer.top - shown.top, shown.bottom - outer.bottom);
        // The lower end of a line is empty but for a few letters.
        if (clipsY === "cuts" && shown.bottom > shown.top) cut = Math.max(cut, above - 0.3 * (box.bottom - box.top));
        if (clipsX) {
          shown.left = Math.max(shown.left, outer.left);
          shown.right = Math.min(shown.right, outer.right);
        }
        if (clipsY) {
          shown.top = Math.max(shown.top, outer.top);
          shown.bottom = Math.min(shown.bottom, outer.bottom);
        }
        position = style.position;
      }
      if (style.position === "fixed" || style.position === "sticky") floats = true;
      if (style.position === "fixed") break;
    }
    return { shown, cut, floats };
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
    for (const { 0: word, index } of node.data.matchAll(/[\p{L}\p{N}]{3,}/gu)) {
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
    if (!seen(element) || onlySpoken(element)) continue;
    range.selectNodeContents(node);
    const lines = linesOf(range);
    const found = lines.map((line) => clipped(element, line));
    const shown = found
      .map((each) => each.shown)
      .filter((each) => each.right - each.left > 1 && each.bottom - each.top > 1);
    const cut = Math.max(0, ...found.map((each) => each.cut));
    if (shown.length === 0 && cut <= 0) continue;
    texts.push({
      text: (node.nodeValue ?? "").trim().slice(0, 50),
      where: name(element),
      lines: shown.map(placed),
      cut,
      broken: brokenWord(/** @type {globalThis.Text} */ (node), lines.length),
      floats: found.some((each) => each.floats),
    });
  }

  /** @type {Target[]} */
  const targets = [];
  for (const element of document.querySelectorAll(PRESSED)) {
    if (!seen(element) || onlySpoken(element) || element.matches(":disabled, [type=hidden]")) continue;
    const { shown, floats } = clipped(element, element.getBoundingClientRect());
    if (shown.right - shown.left < 1 || shown.bottom - shown.top < 1 || floats) continue;
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
