/** What an empty stage invites to. */

/** @param {readonly import("../core/config.mjs").Input[]} inputs */
export function hintText(inputs) {
  if (inputs.includes("draw")) return "Draw a digit";
  return inputs.includes("upload") ? "Drop an image here" : "Choose a sample";
}
