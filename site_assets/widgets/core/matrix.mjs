/** The table of attacks by defences: the order of its rows, and which columns fit. */

/** @typedef {"ascending" | "descending"} Direction */

/**
 * The rows' order by one column: those without a number come last, equal ones stay in the order that they had.
 *
 * @param {readonly (number | null)[]} ranks one for each row; null where there is no number
 * @param {Direction} direction
 * @returns {number[]} places of the rows, the first first
 */
export function ordered(ranks, direction) {
  const sign = direction === "ascending" ? 1 : -1;
  return ranks
    .map((rank, row) => ({ rank, row }))
    .sort((a, b) => {
      if (a.rank === null || b.rank === null) return Number(a.rank === null) - Number(b.rank === null) || a.row - b.row;
      return sign * (a.rank - b.rank) || a.row - b.row;
    })
    .map(({ row }) => row);
}

/**
 * The direction that a column gets when it is chosen: best caught first, and the other way round when chosen again.
 *
 * @param {Direction | null} current of that column; null for any other
 * @returns {Direction}
 */
export function turned(current) {
  return current === "descending" ? "ascending" : "descending";
}

/**
 * Which family of columns is shown at first: all where there is room, else the first.
 *
 * @param {readonly string[]} families
 * @param {boolean} roomy
 */
export function firstShown(families, roomy) {
  return roomy || families.length < 2 ? "" : families[0];
}
