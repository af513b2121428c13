/**
 * What a page shows of a network's inside. An appendix, put after the bytes of a released file, makes a network with more
 * outputs: protobuf joins the lists of a message that stands in a file twice (`export/onnx/appendix.py`).
 */

/** @typedef {import("./card.mjs").StoredFile} StoredFile */
/** @typedef {{appendix: StoredFile}} Appended the appendix's name is its address */
/** @typedef {Appended & {view: "plane", point: string}} PlaneInside `point`: the added output */
/**
 * @typedef {Appended & ChannelsShown} ChannelsInside
 * @typedef {object} ChannelsShown
 * @property {"channels"} view
 * @property {string} maps the added output with the maps of the last convolution
 * @property {string} keep the added input, by which they are multiplied
 * @property {string} logits the added output with the answer that follows
 * @property {number} height of a map
 * @property {number} width
 * @property {number[]} order the channels, the one that the trigger moves most first
 * @property {[clean: number, attack: number, robust: number][]} measured with the first 0, 1, 2 … of them silenced
 */
/** @typedef {PlaneInside | ChannelsInside} Inside */

/**
 * @param {Uint8Array} model an ONNX file
 * @param {Uint8Array} appendix
 */
export function joined(model, appendix) {
  const whole = new Uint8Array(model.length + appendix.length);
  whole.set(model);
  whole.set(appendix, model.length);
  return whole;
}
