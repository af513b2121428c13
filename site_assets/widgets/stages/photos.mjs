/**
 * What a demo of photographs needs beyond the others; fetched when there is one on the page.
 *
 * What the two import is named here as well, so that a browser fetches all of it at once and not level by level.
 */

import "../inputs/overlay-handle.mjs";

export { PhotoStage } from "./photo.mjs";
export { PhotoInputs } from "./photo-inputs.mjs";
