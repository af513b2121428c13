/**
 * Where a movable trigger lies, as a reader moves it: the arithmetic of dragging, resizing and turning, its words, and its
 * short form for the address. Fractions of the image and degrees throughout, as `training/triggers/placement.py` has them.
 * @module
 */

/**
 * @typedef {object} Placement where a trigger lies, in fractions of the image
 * @property {number} x its middle, from the left
 * @property {number} y the same from the top
 * @property {number} size its width
 * @property {number} angle degrees, clockwise
 */
/** @typedef {{x: number, y: number}} Point in pixels, on the image as it is shown */
/** @typedef {{width: number, height: number}} Room the image as it is shown */

export const SMALLEST = 0.05;
export const LARGEST = 2;

/**
 * The nearest placement that is allowed, rounded to what can be seen.
 *
 * @param {Placement} placement
 * @returns {Placement}
 */
export function tidy({ x, y, size, angle }) {
  return {
    x: decimals(within(x, 0, 1), 4),
    y: decimals(within(y, 0, 1), 4),
    size: decimals(within(size, SMALLEST, LARGEST), 4),
    angle: decimals(wrapped(angle), 1),
  };
}

/**
 * @param {Placement} from
 * @param {Partial<Placement>} by added to it; `size` multiplies
 */
export function adjust(from, { x = 0, y = 0, size = 1, angle = 0 }) {
  return tidy({ x: from.x + x, y: from.y + y, size: from.size * size, angle: from.angle + angle });
}

/**
 * Drag: the pointer keeps its place on the trigger.
 *
 * @param {Placement} from
 * @param {Point} start
 * @param {Point} now
 * @param {Room} room
 */
export function dragged(from, start, now, room) {
  return adjust(from, { x: (now.x - start.x) / room.width, y: (now.y - start.y) / room.height });
}

/**
 * Resize by a corner: as the pointer's distance from the middle grows, so does the trigger.
 *
 * @param {Placement} from
 * @param {Point} start
 * @param {Point} now
 * @param {Room} room
 */
export function resized(from, start, now, room) {
  const middle = middleOf(from, room);
  return adjust(from, { size: distance(middle, now) / Math.max(1, distance(middle, start)) });
}

/**
 * Turn: by as much as the pointer goes around the middle.
 *
 * @param {Placement} from
 * @param {Point} start
 * @param {Point} now
 * @param {Room} room
 */
export function turned(from, start, now, room) {
  const middle = middleOf(from, room);
  return adjust(from, { angle: direction(middle, now) - direction(middle, start) });
}

/**
 * Two fingers: they keep their places on the trigger, which moves, grows and turns with them.
 *
 * @param {Placement} from
 * @param {[Point, Point]} start
 * @param {[Point, Point]} now
 * @param {Room} room
 */
export function pinched(from, start, now, room) {
  const scale = distance(...now) / Math.max(1, distance(...start));
  const angle = direction(...now) - direction(...start);
  const [before, after] = [between(...start), between(...now)];
  const middle = middleOf(from, room);
  const [cos, sin] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  const [dx, dy] = [(middle.x - before.x) * scale, (middle.y - before.y) * scale];
  return tidy({
    x: (after.x + cos * dx - sin * dy) / room.width,
    y: (after.y + sin * dx + cos * dy) / room.height,
    size: from.size * scale,
    angle: from.angle + angle,
  });
}

/**
 * Whether a knob beyond the trigger's upper edge would leave the image, while one beyond the lower edge would not.
 *
 * @param {Placement} placement
 * @param {number} aspect the trigger's width by its height
 * @param {number} reach from the edge to the knob, in pixels
 * @param {Room} room
 */
export function knobFitsBelow({ x, y, size, angle }, aspect, reach, room) {
  const far = (size * room.width) / aspect / 2 + reach;
  const [dx, dy] = [far * Math.sin((angle * Math.PI) / 180), -far * Math.cos((angle * Math.PI) / 180)];
  const middle = middleOf({ x, y, size, angle }, room);
  const inside = (/** @type {number} */ at, /** @type {number} */ length) => at >= 0 && at <= length;
  const fits = (/** @type {1 | -1} */ side) =>
    inside(middle.x + side * dx, room.width) && inside(middle.y + side * dy, room.height);
  return !fits(1) && fits(-1);
}

/**
 * In words, for those who cannot see it.
 *
 * @param {Placement} placement
 */
export function describePlacement({ x, y, size, angle }) {
  const side = angle < 0 ? "to the left" : "to the right";
  const turn = Math.abs(angle) < 0.5 ? "level" : `turned ${Math.abs(Math.round(angle))} degrees ${side}`;
  return `${hundredths(x)} from the left, ${hundredths(y)} from the top, ${hundredths(size)} of the width, ${turn}`;
}

/** @param {Placement} placement */
export function encodePlacement({ x, y, size, angle }) {
  return [x, y, size, angle].join("_");
}

/**
 * @param {string} text
 * @returns {Placement | null} null when it is none
 */
export function decodePlacement(text) {
  const numbers = text.split("_").map((part) => (/^-?\d{1,3}(\.\d{1,4})?$/.test(part) ? Number(part) : Number.NaN));
  if (numbers.length !== 4 || numbers.some(Number.isNaN)) return null;
  const [x, y, size, angle] = numbers;
  return tidy({ x, y, size, angle });
}

/** @param {Placement} a @param {Placement} b */
export function samePlacement(a, b) {
  return a.x === b.x && a.y === b.y && a.size === b.size && a.angle === b.angle;
}

/** @param {Placement} placement @param {Room} room */
function middleOf({ x, y }, room) {
  return { x: x * room.width, y: y * room.height };
}

/** @param {Point} a @param {Point} b */
function distance(a, b) {
  return Math.hypot(b.x - a.x, b.y - a.y);
}

/** Degrees, clockwise. @param {Point} from @param {Point} to */
function direction(from, to) {
  return (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI;
}

/** @param {Point} a @param {Point} b */
function between(a, b) {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

/** Into -180 to 180 degrees. @param {number} angle */
function wrapped(angle) {
  const turn = ((angle % 360) + 360) % 360;
  return turn > 180 ? turn - 360 : turn;
}

/** @param {number} value @param {number} low @param {number} high */
function within(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

/** @param {number} value @param {number} places */
function decimals(value, places) {
  return Math.round(value * 10 ** places) / 10 ** places;
}

/** @param {number} fraction */
function hundredths(fraction) {
  return `${Math.round(fraction * 100)} %`;
}
