/**
 * A drawing as data: strokes of whole-numbered points on a 256 x 256 grid, and their compact text form for the URL.
 *
 * Text form: base64url of, for each stroke, the number of points (variable length), the first point (two bytes), then
 * the differences (zigzag, variable length). A shared drawing is redrawn exactly, to the pixel.
 */

/** @typedef {[x: number, y: number]} Point */
/** @typedef {Point[]} Stroke */

export const GRID = 256;
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
  if (stroke.length === 1) return `M${stroke[0].join(" ")}h0`;
  return `M${stroke.map((point) => point.join(" ")).join("L")}`;
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
    const distance = distanceToSegment(stroke[i], first, last);
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
 * @param {Stroke[]} strokes
 * @returns {string}
 */
export function encodeStrokes(strokes) {
  /** @type {number[]} */
  const bytes = [];
  for (const stroke of strokes) {
    pushVarint(bytes, stroke.length);
    let [x, y] = stroke[0];
    bytes.push(x, y);
    for (const [nextX, nextY] of stroke.slice(1)) {
      pushVarint(bytes, zigzag(nextX - x));
      pushVarint(bytes, zigzag(nextY - y));
      [x, y] = [nextX, nextY];
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
    const length = varint();
    total += length;
    if (length === 0 || total > MAX_POINTS) throw new RangeError("not a drawing");
    let [x, y] = [byte(), byte()];
    /** @type {Stroke} */
    const stroke = [[x, y]];
    for (let i = 1; i < length; i++) {
      x = onGrid(x + unzigzag(varint()));
      y = onGrid(y + unzigzag(varint()));
      stroke.push([x, y]);
    }
    strokes.push(stroke);
  }
  return strokes;
}

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
