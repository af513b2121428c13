/**
 * Activation clustering (Chen et al. 2018) in two dimensions: the features of the images of one label, projected on their
 * two main directions and divided in two. The paper reduces with independent components; a picture wants principal ones.
 * @module
 */

/** @typedef {[x: number, y: number]} Point */
/** @typedef {{points: Point[], second: boolean[], fraction: number, silhouette: number}} Clustered `second`: in the smaller cluster */

/** A smaller cluster counts as poison below this fraction of a class and above this silhouette; as in Python. */
export const LARGEST_FRACTION = 0.35;
export const LEAST_SILHOUETTE = 0.1;
const ITERATIONS = 60;

/** Rows centred on their mean. @param {Float32Array} features @param {number} d */
function centred(features, d) {
  const n = features.length / d;
  const mean = new Float64Array(d);
  for (let i = 0; i < features.length; i++) mean[i % d] += features[i] / n;
  return Float64Array.from(features, (value, i) => value - mean[i % d]);
}

/** The main direction of centred rows, by power iteration. @param {Float64Array} rows @param {number} d */
function mainDirection(rows, d) {
  let direction = Float64Array.from({ length: d }, (_, i) => 1 + (i % 7) / 10);
  for (let turn = 0; turn < ITERATIONS; turn++) {
    const next = new Float64Array(d);
    for (let at = 0; at < rows.length; at += d) {
      let along = 0;
      for (let i = 0; i < d; i++) along += rows[at + i] * direction[i];
      for (let i = 0; i < d; i++) next[i] += along * rows[at + i];
    }
    const length = Math.hypot(...next);
    if (length === 0) return direction;
    direction = next.map((value) => value / length);
  }
  return direction;
}

/** Features on their two main directions. @param {Float32Array} features `(n, d)` row by row @param {number} d @returns {Point[]} */
export function project(features, d) {
  const rows = centred(features, d);
  /** @type {Point[]} */
  const points = Array.from({ length: rows.length / d }, () => [0, 0]);
  for (const axis of [0, 1]) {
    const direction = mainDirection(rows, d);
    for (let at = 0; at < rows.length; at += d) {
      let along = 0;
      for (let i = 0; i < d; i++) along += rows[at + i] * direction[i];
      points[at / d][axis] = along;
      for (let i = 0; i < d; i++) rows[at + i] -= along * direction[i];
    }
  }
  return points;
}

/** @param {Point} one @param {Point} other */
const distance = (one, other) => Math.hypot(one[0] - other[0], one[1] - other[1]);

/** Divide points in two by k-means, from the two ends of the first direction. @param {Point[]} points @returns {Clustered} */
export function cluster(points) {
  const byX = [...points].sort((a, b) => a[0] - b[0]);
  let centres = [byX[0], byX[byX.length - 1]];
  let sides = points.map(() => 0);
  for (let turn = 0; turn < ITERATIONS; turn++) {
    const next = points.map((point) => Number(distance(point, centres[1]) < distance(point, centres[0])));
    if (turn > 0 && next.every((side, i) => side === sides[i])) break;
    sides = next;
    centres = centres.map((centre, side) => {
      const members = points.filter((_, i) => sides[i] === side);
      if (members.length === 0) return centre;
      const sum = members.reduce((all, point) => [all[0] + point[0], all[1] + point[1]], [0, 0]);
      return /** @type {Point} */ ([sum[0] / members.length, sum[1] / members.length]);
    });
  }
  const ones = sides.reduce((sum, side) => sum + side, 0);
  const smaller = Number(ones * 2 <= sides.length);
  const size = smaller === 1 ? ones : sides.length - ones;
  return {
    points,
    second: sides.map((side) => side === smaller),
    fraction: size / points.length,
    silhouette: silhouette(points, sides),
  };
}

/** The mean silhouette of a division in two (Rousseeuw 1987). @param {Point[]} points @param {number[]} sides */
function silhouette(points, sides) {
  const counts = [sides.filter((side) => side === 0).length, sides.filter((side) => side === 1).length];
  if (counts.includes(0)) return 0;
  let sum = 0;
  for (const [i, point] of points.entries()) {
    const totals = [0, 0];
    for (const [k, other] of points.entries()) totals[sides[k]] += distance(point, other);
    const own = sides[i];
    if (counts[own] < 2) continue;
    const [within, across] = [totals[own] / (counts[own] - 1), totals[1 - own] / counts[1 - own]];
    sum += (across - within) / Math.max(across, within, Number.MIN_VALUE);
  }
  return sum / points.length;
}
