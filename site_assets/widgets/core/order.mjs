/**
 * Whether a pipeline's steps make a tensor in the order in which they stand: the twin of `export/card/order.py`.
 *
 * What depends on the image, such as the size that a crop leaves, shows when it runs.
 */

/** @typedef {import("./card-types.d.ts").ModelCard["input"]} Pipeline */

const ONCE = ["decode", "orient", "composite", "greyscale", "trigger", "scale", "normalise", "layout"];
const FLOATS = ["scale", "normalise", "layout"];
const SIZING = ["shrink", "crop-to-ink", "fit", "centre-of-mass", "resize", "crop"];
const FOR_GREY = ["polarity", "isolate-ink", "crop-to-ink", "centre-of-mass"];

/**
 * @param {Pipeline} pipeline
 * @returns {string | null} what is wrong, in a sentence; null if the steps make the tensor that the pipeline promises
 */
export function orderProblem(pipeline) {
  const names = pipeline.steps.map(({ op }) => String(op));
  for (const name of ONCE) {
    if (names.indexOf(name) !== names.lastIndexOf(name)) return `the step '${name}' is used more than once`;
  }
  if (names.at(-1) !== "layout") return "the last step is 'layout', which makes the tensor";
  if (!names.includes("composite")) return "a step 'composite' makes the image opaque";
  const before = names.slice(0, names.indexOf("composite")).find((name) => name !== "decode" && name !== "orient");
  if (before !== undefined) return `'${before}' stands before 'composite', which makes the image opaque`;
  return channelsProblem(pipeline) ?? floatsProblem(pipeline) ?? sizeProblem(pipeline);
}

/** @param {Pipeline} pipeline */
function channelsProblem(pipeline) {
  let channels = 3;
  for (const { op } of pipeline.steps) {
    if (op === "greyscale") channels = 1;
    else if (FOR_GREY.includes(op) && channels > 1) return `'${op}' is for grey images: put 'greyscale' before it`;
  }
  if (channels !== pipeline.channels) {
    return `the steps make an image of ${channels} channels, but \`channels\` is ${pipeline.channels}`;
  }
  const last = pipeline.steps.at(-1);
  if (last?.op === "layout" && last.order === "NHW" && channels > 1) {
    return "the layout NHW is for images of one channel";
  }
  return null;
}

/** @param {Pipeline} pipeline */
function floatsProblem({ steps, channels }) {
  const floats = steps.filter(({ op }) => FLOATS.includes(op));
  if (steps.slice(-floats.length).some(({ op }) => !FLOATS.includes(op))) {
    return "'scale', 'normalise' and 'layout' are the last steps";
  }
  if (floats.slice(1).some(({ op }) => op === "scale")) return "'scale' stands before 'normalise'";
  for (const step of floats) {
    if (step.op !== "normalise") continue;
    if ([step.mean, step.std].some(({ length }) => length !== 1 && length !== channels)) {
      return `'normalise' takes one number, or one for each of ${channels} channels`;
    }
  }
  return null;
}

/** @param {Pipeline} pipeline */
function sizeProblem({ steps, height, width }) {
  const last = steps.filter(({ op }) => SIZING.includes(op)).at(-1);
  if (last?.op !== "resize" && last?.op !== "centre-of-mass") return null;
  if (last.height === height && last.width === width) return null;
  return `'${last.op}' makes ${last.height}x${last.width}, but the network takes ${height}x${width}`;
}
