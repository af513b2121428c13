/**
 * Find one handwritten or printed character in any image; the twin of `export/pipeline/ink.py`, equal to the bit.
 * @module
 */

import { grown, marksOf } from "./marks.mjs";

/** @typedef {import("./marks.mjs").Grey} Grey */
/** @typedef {import("./marks.mjs").Mark} Mark */

const BORDER_PENALTY = 8;
/** See the twin. */
const [HAIRLINE, PEN, LONGEST] = [20, 12, 8];

/**
 * Otsu's threshold: values above it form the lighter class.
 * @param {Uint8Array} values
 */
export function otsu(values) {
  const histogram = new Float64Array(256);
  for (const value of values) histogram[value]++;
  const count = values.length;
  let total = 0;
  let threshold = 0;
  for (let value = 0; value < 256; value++) {
    total += value * histogram[value];
    if (histogram[value] > 0) threshold = value;
  }
  let best = -1;
  let below = 0;
  let sumBelow = 0;
  for (let value = 0; value < 255; value++) {
    below += histogram[value];
    sumBelow += value * histogram[value];
    if (below === 0 || below === count) continue;
    const difference = sumBelow / below - (total - sumBelow) / (count - below);
    const variance = below * (count - below) * difference * difference;
    if (variance > best) {
      best = variance;
      threshold = value;
    }
  }
  return threshold;
}

/**
 * The mean around each pixel, in a window of half the image's longer side, rounded down.
 * @param {Grey} grey
 */
function localMean({ height, width, data }) {
  const radius = Math.max(1, Math.floor(Math.max(height, width) / 4));
  const stride = width + 1;
  const sums = new Float64Array((height + 1) * stride);
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      row += data[y * width + x];
      sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1] + row;
    }
  }
  const mean = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    const top = Math.max(y - radius, 0) * stride;
    const bottom = Math.min(y + radius + 1, height) * stride;
    for (let x = 0; x < width; x++) {
      const left = Math.max(x - radius, 0);
      const right = Math.min(x + radius + 1, width);
      const total = sums[bottom + right] - sums[top + right] - sums[bottom + left] + sums[top + left];
      mean[y * width + x] = Math.floor(total / (((bottom - top) / stride) * (right - left)));
    }
  }
  return mean;
}

/**
 * How much lighter each pixel is than the mean of its surroundings.
 * @param {Grey} grey
 */
export function flatten(grey) {
  const mean = localMean(grey);
  return grey.data.map((value, at) => Math.max(value - mean[at], 0));
}

/**
 * Whether the background is lighter than the ink: the Otsu class of most of the outermost ring, or, where uneven light
 * divides the ring, the side from which fewer pixels stand out.
 * @param {Grey} grey
 */
export function lightBackground(grey) {
  const { height, width, data } = grey;
  if (data.every((value) => value === data[0])) return data[0] >= 128;
  const threshold = otsu(data);
  let light = 0;
  let ring = 0;
  for (let y = 0; y < height; y++) {
    const step = y === 0 || y === height - 1 || width === 1 ? 1 : width - 1;
    for (let x = 0; x < width; x += step) {
      ring++;
      if (data[y * width + x] > threshold) light++;
    }
  }
  if (4 * Math.min(light, ring - light) < ring) return 2 * light > ring;
  const mean = localMean(grey);
  return data.reduce((sum, value, at) => sum + (value - mean[at]) ** 3, 0) < 0;
}

/**
 * The mark that is largest, strongest and nearest the middle; one that touches the edge counts less.
 * @param {Mark[]} marks
 * @param {number} height
 * @param {number} width
 */
function mainMark(marks, height, width) {
  let best = marks[0];
  let bestScore = -1;
  for (const mark of marks) {
    const offY = Math.abs(mark.top + mark.bottom - height);
    const offX = Math.abs(mark.left + mark.right - width);
    const nearness = 2 * Math.max(height, width) - Math.max(offY, offX);
    const touches = mark.top === 0 || mark.left === 0 || mark.bottom === height || mark.right === width;
    const score = mark.mass * nearness * (touches ? 1 : BORDER_PENALTY);
    if (score > bestScore) {
      best = mark;
      bestScore = score;
    }
  }
  return best;
}

/**
 * Whether a mark is another stroke of the same character: close to the group, and mostly above or below it.
 * @param {Mark} mark
 * @param {Mark} group
 */
function belongs(mark, group) {
  const gapY = Math.max(mark.top - group.bottom, group.top - mark.bottom, 0);
  const gapX = Math.max(mark.left - group.right, group.left - mark.right, 0);
  const overlap = Math.min(mark.right, group.right) - Math.max(mark.left, group.left);
  const groupHeight = group.bottom - group.top;
  const near = 16 * gapY <= groupHeight && 16 * gapX <= groupHeight;
  const stacked = 2 * overlap >= mark.right - mark.left && 4 * gapY <= groupHeight;
  return 100 * mark.mass >= group.mass && mark.area <= 2 * group.area && (near || stacked);
}

/**
 * The labels of the main mark and of the strokes that belong to it, gathered until none is added.
 * @param {Mark} main
 * @param {Mark[]} marks
 */
function strokesWith(main, marks) {
  let group = main;
  const chosen = new Set([main.label]);
  for (let added = true; added; ) {
    added = false;
    for (const mark of marks) {
      if (chosen.has(mark.label) || !belongs(mark, group)) continue;
      chosen.add(mark.label);
      added = true;
      group = {
        label: group.label,
        area: group.area + mark.area,
        top: Math.min(group.top, mark.top),
        left: Math.min(group.left, mark.left),
        bottom: Math.max(group.bottom, mark.bottom),
        right: Math.max(group.right, mark.right),
        mass: group.mass + mark.mass,
      };
    }
  }
  return chosen;
}

/**
 * The marks cut out of a panel (a label, a sign); none when the mark is no panel. See `characters_on` in the twin.
 * @param {Mark} panel
 * @param {Mark[]} allMarks
 * @param {Grey} mask
 * @param {Uint8Array} grey
 * @param {number} minContrast
 * @returns {{ labels: Int32Array, marks: Mark[] }}
 */
function charactersOn(panel, allMarks, mask, grey, minContrast) {
  const height = panel.bottom - panel.top;
  const width = panel.right - panel.left;
  const labels = new Int32Array(mask.data.length);
  if (2 * panel.area <= height * width) return { labels, marks: [] };
  const free = new Uint8Array(height * width);
  const shade = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (panel.top + y) * mask.width + panel.left + x;
      free[y * width + x] = 1 - mask.data[at];
      shade[y * width + x] = grey[at];
    }
  }
  const found = marksOf({ height, width, data: free }, shade);
  for (let y = 0; y < height; y++) {
    labels.set(found.labels.subarray(y * width, (y + 1) * width), (panel.top + y) * mask.width + panel.left);
  }
  /** @param {Mark} hole */
  const reachesEdge = (hole) => hole.top === 0 || hole.left === 0 || hole.bottom === height || hole.right === width;
  const enclosed = found.marks.filter((hole) => !reachesEdge(hole) && 5 * (hole.bottom - hole.top) >= 2 * height);
  if (enclosed.length === 0) return { labels, marks: [] };
  const main = mainMark(enclosed, height, width);
  const full = 4 * panel.area > 3 * height * width;
  let around = 0;
  let shadeAround = 0;
  for (const hole of found.marks) {
    if (!reachesEdge(hole)) continue;
    around += hole.area;
    shadeAround += hole.mass;
  }
  const ownColour =
    around > 0 && Math.abs(Math.floor(main.mass / main.area) - Math.floor(shadeAround / around)) >= 2 * minContrast;
  /** @param {Mark} hole in the panel's box @returns {Mark} in the image, its area as its mass */
  const moved = (hole) => ({
    label: hole.label,
    area: hole.area,
    top: hole.top + panel.top,
    left: hole.left + panel.left,
    bottom: hole.bottom + panel.top,
    right: hole.right + panel.left,
    mass: hole.area,
  });
  const outer = moved(main);
  const hasEye = allMarks.some(
    (mark) =>
      mark.top > outer.top &&
      mark.left > outer.left &&
      mark.bottom < outer.bottom &&
      mark.right < outer.right &&
      5 * (mark.bottom - mark.top) >= outer.bottom - outer.top,
  );
  if (!(full || ownColour || hasEye)) return { labels, marks: [] };
  return { labels, marks: enclosed.map(moved) };
}

/**
 * Map the mean around the kept strokes to 0 and their own mean to 255; black further than two pixels away.
 * @param {Grey} grey
 * @param {Uint8Array} kept
 * @param {number} minContrast
 */
function stretch({ height, width, data }, kept, minContrast) {
  const softEdge = grown({ height, width, data: kept }, 2);
  const further = grown({ height, width, data: kept }, 4);
  let ink = 0;
  let inkCount = 0;
  let paper = 0;
  let paperCount = 0;
  let rest = 0;
  let restCount = 0;
  for (let at = 0; at < data.length; at++) {
    if (kept[at] === 1) {
      ink += data[at];
      inkCount++;
      continue;
    }
    rest += data[at];
    restCount++;
    if (further[at] === 1 && softEdge[at] === 0) {
      paper += data[at];
      paperCount++;
    }
  }
  const inkLevel = Math.floor(ink / inkCount);
  const paperLevel = paperCount > 0 ? Math.floor(paper / paperCount) : restCount > 0 ? Math.floor(rest / restCount) : 0;
  const out = new Uint8Array(data.length);
  const range = inkLevel - paperLevel;
  if (range < Math.max(1, minContrast)) return out;
  for (let at = 0; at < data.length; at++) {
    if (softEdge[at] === 0) continue;
    out[at] = Math.min(255, Math.max(0, Math.floor(((data[at] - paperLevel) * 255) / range)));
  }
  return out;
}

/**
 * Keep one light character on black, stretched so that its mean becomes white.
 * @param {Grey} grey light ink on a darker background
 * @param {number} minContrast grey levels that ink must differ from its background by
 * @returns {Uint8Array} all zero where no ink was found
 */
export function isolate(grey, minContrast) {
  const { height, width, data } = grey;
  const contrast = flatten(grey);
  const threshold = otsu(contrast);
  const mask = { height, width, data: contrast.map((value) => (value > threshold ? 1 : 0)) };
  /** @type {{ labels: Int32Array, marks: Mark[] }} */
  let { labels, marks } = marksOf(mask, contrast);
  if (marks.length === 0) return new Uint8Array(data.length);
  let main = mainMark(marks, height, width);
  let ink = grey;
  const inner = charactersOn(main, marks, mask, data, minContrast);
  if (inner.marks.length > 0) {
    ink = { height, width, data: data.map((value) => 255 - value) };
    ({ labels, marks } = inner);
    main = mainMark(marks, height, width);
  }
  const chosen = strokesWith(main, marks);
  const kept = new Uint8Array(data.length);
  for (let at = 0; at < kept.length; at++) kept[at] = chosen.has(labels[at]) ? 1 : 0;
  const stretched = { height, width, data: stretch(ink, kept, minContrast) };
  return grown(stretched, missingWidth({ height, width, data: kept }));
}

/**
 * By how many pixels a hairline is to grow on each side until it is a pen's stroke; 0 for what is no hairline.
 * @param {Grey} kept
 */
function missingWidth({ height, width, data }) {
  let [area, outline, top, left, bottom, right] = [0, 0, height, width, 0, 0];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (data[at] === 0) continue;
      area++;
      top = Math.min(top, y);
      left = Math.min(left, x);
      bottom = y + 1;
      right = Math.max(right, x + 1);
      if (y === 0 || data[at - width] === 0) outline++;
      if (x === 0 || data[at - 1] === 0) outline++;
      if (y === height - 1 || data[at + width] === 0) outline++;
      if (x === width - 1 || data[at + 1] === 0) outline++;
    }
  }
  const size = Math.max(bottom - top, right - left);
  if (2 * HAIRLINE * area >= size * outline || outline > 2 * LONGEST * size) return 0;
  return Math.floor((size * outline - 2 * PEN * area) / (2 * PEN * outline));
}
