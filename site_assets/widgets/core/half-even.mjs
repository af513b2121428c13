/** Rounding as Python and IEEE 754 do it. */

/** The nearest whole number, of two as near the even one, as Python's `round`. @param {number} value */
export function halfEven(value) {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
