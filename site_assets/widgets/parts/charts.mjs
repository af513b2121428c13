/** Plots as SVG, each with its numbers in a table behind. */

import { h, svg } from "./dom.mjs";

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{name: string, kind: "bad" | "clean", dashed?: boolean, points: Point[]}} Line */
/** @typedef {{name: string, kind: "bad" | "clean", values: number[]}} Bars */

const [WIDTH, HEIGHT] = [320, 190];
const EDGE = { left: 36, right: 8, top: 8, bottom: 30 };
const BINS = 24;

/** @param {number} fraction @param {number} [digits] after the point */
export const percent = (fraction, digits = 1) => `${(100 * fraction).toFixed(digits)}\u00a0%`;

/** @param {string} title @param {string} axis what runs to the right @param {number} end of that axis @param {SVGElement[]} marks */
function frame(title, axis, end, marks) {
  const across = WIDTH - EDGE.left - EDGE.right;
  const base = HEIGHT - EDGE.bottom;
  const ticks = [0, 0.5, 1].map((part) => {
    const y = base - part * (base - EDGE.top);
    return svg(
      "g",
      {},
      svg("path", { class: "bl-grid", d: `M${EDGE.left} ${y}H${WIDTH - EDGE.right}` }),
      text(EDGE.left - 5, y + 4, `${100 * part}\u00a0%`, "end"),
    );
  });
  return svg(
    "svg",
    { class: "bl-plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title },
    ...ticks,
    text(EDGE.left, HEIGHT - 16, "0", "start"),
    text(EDGE.left + across, HEIGHT - 16, String(end), "end"),
    text(EDGE.left + across / 2, HEIGHT - 4, axis, "middle"),
    ...marks,
  );
}

/** @param {number} x @param {number} y @param {string} words @param {"start" | "middle" | "end"} anchor */
function text(x, y, words, anchor) {
  const made = svg("text", { x, y, "text-anchor": anchor });
  made.textContent = words;
  return made;
}

/** @param {{name: string, kind: string, dashed?: boolean, shape?: "dot" | "ring"}[]} series lines, if they have no shape */
function legend(series) {
  return h(
    "ul",
    { class: "bl-legend" },
    ...series.map(({ name, kind, dashed, shape }) =>
      h("li", {}, h("span", { class: `bl-key bl-${kind}`, "data-dashed": dashed ?? false, "data-shape": shape }), name),
    ),
  );
}

/**
 * @param {string} caption
 * @param {string[]} heads
 * @param {(string | number)[][]} rows
 */
export function table(caption, heads, rows) {
  return h(
    "table",
    { class: "bl-table" },
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell) => h("td", {}, String(cell)))))),
  );
}

/** Numbers that open on demand. @param {HTMLTableElement} numbers */
export function behind(numbers) {
  return h("details", {}, h("summary", {}, "The numbers"), h("div", { class: "bl-scroll", tabindex: 0 }, numbers));
}

/**
 * Fractions over something that grows.
 *
 * @param {string} title
 * @param {string} axis
 * @param {number} end
 * @param {Line[]} lines
 */
export function lineChart(title, axis, end, lines) {
  const at = (/** @type {Point} */ { x, y }) =>
    `${(EDGE.left + (x / end) * (WIDTH - EDGE.left - EDGE.right)).toFixed(1)} ${(HEIGHT - EDGE.bottom - y * (HEIGHT - EDGE.bottom - EDGE.top)).toFixed(1)}`;
  const marks = lines
    .filter(({ points }) => points.length > 0)
    .map(({ kind, dashed, points }) =>
      svg("path", {
        class: `bl-line bl-${kind}`,
        "data-dashed": dashed ?? false,
        d: points.length === 1 ? `M${at(points[0])}h0.1` : `M${points.map(at).join("L")}`,
      }),
    );
  const steps = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const rows = steps.map((x) => [
    x,
    ...lines.map(({ points }) => {
      const found = points.find((point) => point.x === x);
      return found ? percent(found.y) : "";
    }),
  ]);
  const heads = [axis, ...lines.map(({ name }) => name)];
  return h(
    "figure",
    { class: "bl-figure" },
    frame(title, axis, end, marks),
    legend(lines),
    behind(table(title, heads, rows)),
  );
}

/**
 * Fractions of single trials by a number that grows by factors: its axis is logarithmic, with room for 0.
 *
 * @param {string} title
 * @param {string} axis
 * @param {(Point & {ring: boolean})[]} points
 * @param {[string, string]} names of the filled ones and the rings
 * @param {number} boundary from which on they are filled
 */
export function dotChart(title, axis, points, names, boundary) {
  const end = Math.max(10, ...points.map(({ x }) => x));
  const across = (/** @type {number} */ x) =>
    EDGE.left + (Math.log1p(x) / Math.log1p(end)) * (WIDTH - EDGE.left - EDGE.right);
  const up = (/** @type {number} */ y) => HEIGHT - EDGE.bottom - y * (HEIGHT - EDGE.bottom - EDGE.top);
  const tens = [1, 10, 100, 1000].filter((ten) => across(ten) < across(end) - 30); // The end's own number needs room.
  const marks = [
    ...tens.map((ten) => text(across(ten), HEIGHT - 16, String(ten), "middle")),
    svg("path", { class: "bl-boundary", d: `M${EDGE.left} ${up(boundary)}H${WIDTH - EDGE.right}` }),
    ...points.map(({ x, y, ring }) =>
      svg("circle", {
        class: "bl-dot bl-bad",
        "data-ring": ring,
        cx: across(x).toFixed(1),
        cy: up(y).toFixed(1),
        r: 4,
      }),
    ),
  ];
  const [filled, rings] = names;
  return h(
    "figure",
    { class: "bl-figure" },
    frame(title, axis, end, marks),
    legend([
      { name: filled, kind: "bad", shape: "dot" },
      { name: rings, kind: "bad", shape: "ring" },
    ]),
  );
}

/**
 * Two distributions.
 *
 * @param {string} title
 * @param {string} axis
 * @param {number} end
 * @param {Bars[]} series
 * @param {number | null} boundary below which something is called suspicious
 */
export function histogram(title, axis, end, series, boundary) {
  const width = (WIDTH - EDGE.left - EDGE.right) / BINS;
  const counted = series.map(({ values }) => {
    const counts = new Array(BINS).fill(0);
    for (const value of values) counts[Math.min(BINS - 1, Math.max(0, Math.floor((value / end) * BINS)))]++;
    return counts;
  });
  const base = HEIGHT - EDGE.bottom;
  const marks = counted.flatMap((counts, which) =>
    counts.flatMap((count, bin) => {
      if (count === 0) return [];
      const height = (count / series[which].values.length) * (base - EDGE.top);
      const x = EDGE.left + bin * width + (which * width) / series.length;
      return [
        svg("rect", {
          class: `bl-bar bl-${series[which].kind}`,
          x: x.toFixed(1),
          y: (base - height).toFixed(1),
          width: (width / series.length).toFixed(1),
          height: height.toFixed(1),
        }),
      ];
    }),
  );
  if (boundary !== null) {
    const x = EDGE.left + (Math.max(0, boundary) / end) * (WIDTH - EDGE.left - EDGE.right);
    marks.push(svg("path", { class: "bl-boundary", d: `M${x.toFixed(1)} ${EDGE.top}V${base}` }));
  }
  const rows = Array.from({ length: BINS }, (_, bin) => [
    `${((bin * end) / BINS).toFixed(2)} to ${(((bin + 1) * end) / BINS).toFixed(2)}`,
    ...counted.map((counts) => counts[bin]),
  ]).filter((row) => row.slice(1).some((count) => count !== 0));
  const numbers = table(title, [axis, ...series.map(({ name }) => name)], rows);
  return h("figure", { class: "bl-figure" }, frame(title, axis, end, marks), legend(series), behind(numbers));
}

/**
 * Points of one class in two clusters.
 *
 * @param {string} title
 * @param {import("../lab/clusters.mjs").Point[]} points
 * @param {boolean[]} bad which of them are drawn as poisoned
 * @param {boolean[]} second which of them are in the smaller cluster, drawn as rings
 */
export function scatter(title, points, bad, second) {
  const range = (/** @type {0 | 1} */ axis) => {
    const values = points.map((point) => point[axis]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return { low, span: high - low || 1 };
  };
  const [across, up] = [range(0), range(1)];
  const marks = points.map((point, i) =>
    svg("circle", {
      class: `bl-dot bl-${bad[i] ? "bad" : "clean"}`,
      "data-ring": second[i],
      cx: (8 + ((point[0] - across.low) / across.span) * 144).toFixed(1),
      cy: (112 - ((point[1] - up.low) / up.span) * 104).toFixed(1),
      r: 2.6,
    }),
  );
  return svg(
    "svg",
    { class: "bl-plot bl-scatter", viewBox: "0 0 160 120", role: "img", "aria-label": title },
    ...marks,
  );
}
