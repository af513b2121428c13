/**
 * How few poisoned images are enough? What a reader's trainings say of it.
 * @module
 */

/** From this attack success on, a backdoor counts as learnt. */
export const ENOUGH = 0.9;

/**
 * @typedef {object} Tried a training that was finished
 * @property {string} title of the trigger
 * @property {number | null} target null for all-to-all
 * @property {number} images that were poisoned
 * @property {number} clean accuracy
 * @property {number} success of the attack
 */

/** @param {Tried} tried */
export function isEnough({ images, success }) {
  return images > 0 && success >= ENOUGH; // Without poison, a trigger that works is no backdoor.
}

/**
 * The fewest images that were enough for a target; of several trainings with as few, the one whose attack succeeds most.
 *
 * @param {Tried[]} tried
 * @param {number | null} target
 * @returns {Tried | null}
 */
export function recordOf(tried, target) {
  const enough = tried.filter((each) => each.target === target && isEnough(each));
  return enough.reduce(
    (/** @type {Tried | null} */ best, each) =>
      !best || each.images < best.images || (each.images === best.images && each.success > best.success) ? each : best,
    null,
  );
}

/**
 * Which stop of the slider to try next: the next below the record; without a record, the next above all that were too few.
 *
 * @param {Tried[]} tried
 * @param {number | null} target
 * @param {number[]} stops images that are poisoned at each, ascending
 * @returns {number} its index; -1 if there is none
 */
export function nextStop(tried, target, stops) {
  const record = recordOf(tried, target);
  if (record) return stops.findLastIndex((images) => images > 0 && images < record.images);
  const most = Math.max(0, ...tried.filter((each) => each.target === target).map(({ images }) => images));
  return stops.findIndex((images) => images > most);
}

/** What was kept as text; what is no list of trainings is none. @param {string | null} text @returns {Tried[]} */
export function parseTried(text) {
  try {
    const found = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter(isTried) : [];
  } catch {
    return [];
  }
}

/** @param {any} each */
function isTried(each) {
  const isNumber = (/** @type {unknown} */ value) => Number.isFinite(value) && Number(value) >= 0;
  return (
    typeof each?.title === "string" &&
    (each.target === null || isNumber(each.target)) &&
    [each.images, each.clean, each.success].every(isNumber)
  );
}
