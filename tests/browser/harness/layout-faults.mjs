/** What is out of place on a page, from what `layout-page.mjs` gathered there: pure geometry. */

/** @typedef {import("./layout-page.mjs").Box} Box */
/** @typedef {import("./layout-page.mjs").Collected} Collected */
/** @typedef {import("./layout-page.mjs").Target} Target */
/** @typedef {import("./layout-page.mjs").Text} Text */

/** Of a line's height, at its upper and lower end: there is no ink but that of a few letters. */
const LEADING = 0.22;
const FEWEST_LETTERS = 3;
/** Of a touch target (WCAG 2.5.8). */
const SMALLEST_TARGET = 24;

/**
 * @param {Collected} page
 * @returns {string[]} a line a fault
 */
export function faults(page) {
  return [
    ...overlaps(page.texts),
    ...page.texts
      .filter(({ cut }) => cut > 1)
      .map((each) => `cut off by ${Math.round(each.cut)} pixels: ${quoted(each)}`),
    ...page.texts
      .filter(brokenSmall)
      .map((each) => `wrapped to under ${FEWEST_LETTERS} letters a line: ${quoted(each)}`),
    ...outside(page),
    ...smallTargets(page.targets),
    ...page.rows.flatMap(farBars),
  ];
}

/** @param {Text} text */
const quoted = ({ text, where }) => `“${text}” in ${where}`;

/** @param {Text} text */
function brokenSmall({ broken }) {
  return broken !== null && broken.letters / broken.lines < FEWEST_LETTERS;
}

/**
 * Where the letters of a line are.
 *
 * @param {Box} line
 * @returns {Box}
 */
export function inked({ left, top, right, bottom }) {
  const leading = LEADING * (bottom - top);
  return { left: left + 1, top: top + leading, right: right - 1, bottom: bottom - leading };
}

/** @param {Box} a @param {Box} b */
export function touch(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/**
 * Text over text. What floats over the page, as its header does, is meant to cover it.
 *
 * @param {readonly Text[]} texts
 */
export function overlaps(texts) {
  const lines = texts.flatMap((text) => text.lines.map((line) => ({ text, box: inked(line) })));
  lines.sort((a, b) => a.box.top - b.box.top);
  /** @type {typeof lines} */
  let near = [];
  /** @type {Set<string>} */
  const found = new Set();
  for (const line of lines) {
    near = near.filter(({ box }) => box.bottom > line.box.top);
    for (const other of near) {
      const apart = other.text === line.text || other.text.floats !== line.text.floats;
      if (!apart && touch(other.box, line.box))
        found.add(`text over text: ${quoted(other.text)} and ${quoted(line.text)}`);
    }
    near.push(line);
  }
  return [...found];
}

/** @param {Pick<Collected, "width" | "scrollWidth" | "texts">} page */
export function outside({ width, scrollWidth, texts }) {
  const beyond = texts.filter(
    ({ floats, lines }) => !floats && lines.some(({ left, right }) => left < -1 || right > width + 1),
  );
  const found = beyond.map((each) => `outside the window: ${quoted(each)}`);
  if (scrollWidth > width) found.unshift(`the page is ${scrollWidth - width} pixels wider than the window`);
  return found;
}

/**
 * Targets that are too small to hit, unless nothing else to press is within reach of a fingertip (WCAG 2.5.8: spacing).
 *
 * @param {readonly Target[]} targets
 */
export function smallTargets(targets) {
  const pressed = targets.filter(({ inline }) => !inline);
  const reach = SMALLEST_TARGET / 2;
  const small = pressed.filter(
    ({ box }) => Math.min(box.right - box.left, box.bottom - box.top) < SMALLEST_TARGET - 0.5,
  );
  return small
    .filter((target) => {
      const [x, y] = middle(target.box);
      return pressed.some((other) => {
        if (other === target || contains(other.box, target.box)) return false;
        const [otherX, otherY] = middle(other.box);
        const circle = small.includes(other) && Math.hypot(x - otherX, y - otherY) < 2 * reach;
        return circle || distance(other.box, x, y) < reach;
      });
    })
    .map(({ where, box }) => {
      const [width, height] = [box.right - box.left, box.bottom - box.top].map(Math.round);
      return `a touch target of ${width} x ${height} pixels: ${where}`;
    });
}

/** @param {Box} box */
const middle = (box) => [(box.left + box.right) / 2, (box.top + box.bottom) / 2];

/** @param {Box} outer @param {Box} inner */
function contains(outer, inner) {
  return (
    outer.left <= inner.left && outer.top <= inner.top && outer.right >= inner.right && outer.bottom >= inner.bottom
  );
}

/** @param {Box} box @param {number} x @param {number} y */
function distance(box, x, y) {
  return Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));
}

/** Bars that stand nearer to the next label than to their own. @param {import("./layout-page.mjs").Row[]} rows */
export function farBars(rows) {
  return rows
    .filter(({ label, bar }, i) => i + 1 < rows.length && bar.top - label.bottom >= rows[i + 1].label.top - bar.bottom)
    .map(({ where }) => `a bar stands nearer to the next label than to its own: ${where}`);
}
