/**
 * The stages: how an element takes and shows one kind of input. A card's input pipeline says which kind it is (`inputKind`
 * in `core/card.mjs`). Another kind is another module and a line in the table.
 */

import { DigitStage } from "./digit.mjs";
import { PhotoStage } from "./photo.mjs";

/** @typedef {import("../core/config.mjs").Config} Config */
/** @typedef {import("../core/image.mjs").Image} Image */
/** @typedef {import("../triggers/placement.mjs").Placement} Placement */
/** @typedef {import("../triggers/registry.mjs").Trigger} Trigger */
/**
 * @typedef {object} Owned what the element that owns a stage gives it
 * @property {Config} config
 * @property {import("../engine/models.mjs").Models} models
 * @property {HTMLVideoElement | null} video the camera's
 */
/**
 * @typedef {object} OwnStage
 * @property {HTMLElement} element where the input is made and shown
 * @property {import("../inputs/digit-pad.mjs").DigitPad | null} pad
 * @property {HTMLElement | null} editing buttons that change the drawing
 * @property {HTMLElement | null} seen what the network is given, where `element` shows something else
 * @property {HTMLElement | null} placing buttons that move the trigger
 * @property {HTMLElement} focusTarget takes the focus from a control that disappears
 * @property {HTMLElement | null} heir takes the focus when the trigger that has it disappears
 * @property {number} classes how many a network of this kind has, to reserve room before its card is here
 * @property {number | null} cameraSide side of the square that the camera gives; null leaves it to the camera
 * @property {boolean} stamped whether the trigger's switch is on
 * @property {Placement | null} placement where the trigger is; null if it cannot be moved
 * @property {Placement | undefined} moved the same, if the reader has moved it
 * @property {(placed: Placement | null) => Promise<void>} configure the cards are here; `placed` is where the reader had
 *   put the trigger
 * @property {(seen: {plain: Image | null, stamped: Image | null}, shown: {current: boolean, placement: Placement | null}) => void} showSeen
 *   what the network was given; `current` if nothing else has been chosen since, `placement` where the trigger was
 * @property {() => void} clear
 * @property {(signal: AbortSignal, handlers: {onPlaced: (finished: boolean) => void, onClear: () => void}) => void} listen
 *   until the signal aborts
 */
/** @typedef {OwnStage & import("../inputs/source.mjs").Screen<any>} Stage */

/** @type {Record<import("../core/card.mjs").InputKind, new (owned: Owned) => Stage>} */
const STAGES = {
  digit: DigitStage,
  photo: PhotoStage,
};

/**
 * @param {import("../core/card.mjs").InputKind} kind
 * @param {Owned} owned
 * @returns {Stage}
 */
export function createStage(kind, owned) {
  return new STAGES[kind](owned);
}
