/**
 * A drawing as data: strokes of whole-numbered points on a 256 x 256 grid, and their compact text form for the URL. The
 * points of a pen that feels pressure have a width too.
 *
 * Text form: base64url of, for each stroke, the number of points (variable length), the first point (a byte a number),
 * then the differences (zigzag, variable length); a zero comes before a stroke whose points have widths. A shared drawing
 * is redrawn exactly, to the pixel.
 */

/** @typedef {[x: number, y: number, width?: number]} Point */
/** @typedef {Point[]} Stroke */
/** @typedef {{path: string, width: number}} Line */

export const GRID = 256;
/** Of a stroke, in grid units: what a felt pen leaves on a digit the size of the pad. */
export const PEN_WIDTH = 20;
/** What a pen leaves at full pressure. */
export const MAX_WIDTH = 32;
const MIN_WIDTH = 8;
/** A drawing that extends less far is enlarged: in a smaller one the pen's width would fill the gaps. */
const SMALL = 128;
/** The most that it is enlarged: a dot stays a dot. */
const MOST = 6;
const TOLERANCE = 0.8;
const MAX_POINTS = 4096;

/** @param {number} value */
export function onGrid(value) {
  return Math.min(GRID - 1, Math.max(0, Math.round(value)));
}

/**
 * The SVG path of a stroke, straight from point to point; a lone point becomes a dot (with round caps).
 *
 * @param {Stroke} stroke
 * @returns {string}
 */
export function strokePath(stroke) {
  if (stroke.length === 1) return `M${stroke[0][0]} ${stroke[0][1]}h0`;
  return `M${stroke.map(([x, y]) => `${x} ${y}`).join("L")}`;
}

/**
 * A stroke as lines to draw with round caps: one, or where the pressure changes one from point to point.
 *
 * @param {Stroke} stroke
 * @returns {Line[]}
 */
export function strokeLines(stroke) {
  const width = (/** @type {Point} */ point) => point[2] ?? PEN_WIDTH;
  if (stroke.every((point) => width(point) === width(stroke[0])))
    return [{ path: strokePath(stroke), width: width(stroke[0]) }];
  return stroke
    .slice(1)
    .map((point, i) => ({ path: strokePath([stroke[i], point]), width: (width(stroke[i]) + width(point)) / 2 }));
}

/**
 * The width that a pen leaves.
 *
 * @param {number} pressure from 0 to 1; half is that of a mouse or a finger
 */
export function pressedWidth(pressure) {
  return Math.round(Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, 2 * PEN_WIDTH * pressure)));
}

/**
 * How much a drawing is enlarged before networks see it, about its middle: a small one as if drawn with a finer pen.
 *
 * @param {readonly Stroke[]} strokes
 * @returns {{scale: number, x: number, y: number}} scale is 1 for one of the usual size
 */
export function enlargement(strokes) {
  const points = strokes.flat();
  if (points.length === 0) return { scale: 1, x: GRID / 2, y: GRID / 2 };
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const extent = Math.max(right - left, bottom - top);
  const scale = Math.min(MOST, Math.max(1, SMALL / Math.max(1, extent)));
  return { scale, x: (left + right) / 2, y: (top + bottom) / 2 };
}

/**
 * Leave out points that the eye would not miss (Ramer, Douglas, Peucker).
 *
 * @param {Stroke} stroke
 * @param {number} [tolerance] in grid units
 * @returns {Stroke}
 */
export function simplify(stroke, tolerance = TOLERANCE) {
  if (stroke.length < 3) return stroke;
  const first = stroke[0];
  const last = stroke[stroke.length - 1];
  let farthest = 0;
  let split = 0;
  for (let i = 1; i < stroke.length - 1; i++) {
    const distance = Math.max(distanceToSegment(stroke[i], first, last), widthChange(stroke[i], first, last));
    if (distance > farthest) [farthest, split] = [distance, i];
  }
  if (farthest <= tolerance) return [first, last];
  return [...simplify(stroke.slice(0, split + 1), tolerance).slice(0, -1), ...simplify(stroke.slice(split), tolerance)];
}

/**
 * @param {Point} point
 * @param {Point} a
 * @param {Point} b
 */
function distanceToSegment([px, py], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const squared = dx * dx + dy * dy;
  const along = squared === 0 ? 0 : Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / squared));
  return Math.hypot(px - ax - along * dx, py - ay - along * dy);
}

/**
 * How far the width at a point is from what it would be if it changed evenly from a to b.
 *
 * @param {Point} point
 * @param {Point} a
 * @param {Point} b
 */
function widthChange(point, a, b) {
  const [from, to, width] = [a, b, point].map((each) => each[2] ?? PEN_WIDTH);
  const [before, after] = [a, b].map(([x, y]) => Math.hypot(point[0] - x, point[1] - y));
  const along = before + after === 0 ? 0 : before / (before + after);
  return Math.abs(width - from - along * (to - from));
}

/**
 * @param {readonly Stroke[]} strokes
 * @returns {string}
 */
export function encodeStrokes(strokes) {
  /** @type {number[]} */
  const bytes = [];
  for (const stroke of strokes) {
    const pressed = stroke.some((point) => point[2] !== undefined);
    const points = stroke.map(([x, y, width]) => (pressed ? [x, y, width ?? PEN_WIDTH] : [x, y]));
    if (pressed) bytes.push(0);
    pushVarint(bytes, points.length);
    bytes.push(...points[0]);
    for (const [i, point] of points.slice(1).entries()) {
      for (const [axis, value] of point.entries()) pushVarint(bytes, zigzag(value - points[i][axis]));
    }
  }
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/**
 * @param {string} text
 * @returns {Stroke[] | null} null for a text that `encodeStrokes` did not write
 */
export function decodeStrokes(text) {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return readStrokes(bytes);
  } catch {
    return null;
  }
}

/** @param {Uint8Array} bytes */
function readStrokes(bytes) {
  let at = 0;
  const byte = () => {
    if (at >= bytes.length) throw new RangeError("the drawing ends early");
    return bytes[at++];
  };
  const varint = () => {
    let value = 0;
    for (let shift = 0; shift < 21; shift += 7) {
      const next = byte();
      value |= (next & 127) << shift;
      if (next < 128) return value;
    }
    throw new RangeError("a number is too long");
  };
  /** @type {Stroke[]} */
  const strokes = [];
  let total = 0;
  while (at < bytes.length) {
    const first = varint();
    const pressed = first === 0;
    const length = pressed ? varint() : first;
    total += length;
    if (length === 0 || total > MAX_POINTS) throw new RangeError("not a drawing");
    let [x, y, width] = [byte(), byte(), pressed ? penWidth(byte()) : 0];
    /** @type {Stroke} */
    const stroke = [pressed ? [x, y, width] : [x, y]];
    for (let i = 1; i < length; i++) {
      x = onGrid(x + unzigzag(varint()));
      y = onGrid(y + unzigzag(varint()));
      if (pressed) width = penWidth(width + unzigzag(varint()));
      stroke.push(pressed ? [x, y, width] : [x, y]);
    }
    strokes.push(stroke);
  }
  return strokes;
}

/** @param {number} width */
const penWidth = (width) => Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width));
/** @param {number} value */
const zigzag = (value) => (value < 0 ? -2 * value - 1 : 2 * value);
/** @param {number} value */
const unzigzag = (value) => (value & 1 ? -(value + 1) / 2 : value / 2);

/**
 * @param {number[]} bytes
 * @param {number} value
 */
function pushVarint(bytes, value) {
  let left = value;
  while (left > 127) {
    bytes.push((left & 127) | 128);
    left >>= 7;
  }
  bytes.push(left);
}
