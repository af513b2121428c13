/* Generated from export/card/card.schema.json by export/card/card-types.mjs: change the schema, not this. */

/**
 * Everything about a model that Python and the browser need.
 */
export interface ModelCard {
  schema_version: 1;
  id: string;
  title: string;
  description: string;
  network: string;
  licence: string;
  files: ModelFile[];
  default_precision: "fp32" | "int8-weight-only" | "int8-qdq";
  labels: string[];
  input: InputPipeline;
  output: OutputPipeline;
  trigger: (Patch | Pixel | Pattern | Overlay | Blend | Warp | Sinusoid) | null;
  label_map: (AllToAll | AllToOne) | null;
  backdoor: Backdoor | null;
  metrics: {
    [k: string]: Measurement;
  };
  provenance: Provenance | null;
  from_lab: FromLab | null;
}
/**
 * One ONNX file beside the card.
 */
export interface ModelFile {
  name: string;
  precision: "fp32" | "int8-weight-only" | "int8-qdq";
  bytes: number;
  sha256: string;
  opset: number;
  max_abs_error: number;
  shared: SharedWeights | null;
}
/**
 * Tensors in a file of their own beside the ONNX file, which calls them external data.
 *
 * Several networks may use the same file: students share their teacher's features, and a reader fetches them once.
 */
export interface SharedWeights {
  name: string;
  bytes: number;
  sha256: string;
}
/**
 * From a file's bytes to the network's input tensor.
 */
export interface InputPipeline {
  tensor: string;
  height: number;
  width: number;
  channels: 1 | 3;
  steps: (
    | Decode
    | Orient
    | Composite
    | Greyscale
    | Invert
    | Polarity
    | Shrink
    | IsolateInk
    | CropToInk
    | Fit
    | CentreOfMass
    | Resize
    | Crop
    | StampTrigger
    | Scale
    | Normalise
    | Layout
  )[];
}
/**
 * File bytes to RGBA. An image of more than `max_pixels` is refused before it is decoded.
 */
export interface Decode {
  op: "decode";
  max_pixels: number;
}
/**
 * Turn the image upright, as its EXIF orientation says. Browsers do so unasked, and so does Python.
 */
export interface Orient {
  op: "orient";
}
/**
 * Lay the image over an opaque background: RGBA to RGB.
 */
export interface Composite {
  op: "composite";
  /**
   * @minItems 3
   * @maxItems 3
   */
  background: [number, number, number];
}
/**
 * RGB to one channel: ITU-R BT.601 luma in 16-bit fixed point, `(19595 R + 38470 G + 7471 B + 32768) >> 16`.
 */
export interface Greyscale {
  op: "greyscale";
}
/**
 * `255 - value`.
 */
export interface Invert {
  op: "invert";
}
/**
 * Invert when the background is lighter than the ink, so that ink is light; see `ink.light_background`.
 */
export interface Polarity {
  op: "polarity";
}
/**
 * Resize so that the longer side is at most `max_side`, keeping the aspect ratio.
 */
export interface Shrink {
  unless_size: [number, number] | null;
  op: "shrink";
  max_side: number;
  filter: "box" | "bilinear" | "bicubic";
}
/**
 * Keep one light mark on black: flatten the lighting, threshold (Otsu), choose the connected strokes, stretch.
 */
export interface IsolateInk {
  unless_size: [number, number] | null;
  op: "isolate-ink";
  min_contrast: number;
}
/**
 * Crop to the bounding box of values of at least `threshold`; an empty image stays unchanged.
 */
export interface CropToInk {
  unless_size: [number, number] | null;
  op: "crop-to-ink";
  threshold: number;
}
/**
 * Resize to the largest size within `height` x `width` that keeps the aspect ratio.
 */
export interface Fit {
  unless_size: [number, number] | null;
  op: "fit";
  height: number;
  width: number;
  filter: "box" | "bilinear" | "bicubic";
}
/**
 * Place the image on black with its centre of mass in the middle pixel of `height` x `width`.
 */
export interface CentreOfMass {
  unless_size: [number, number] | null;
  op: "centre-of-mass";
  height: number;
  width: number;
}
/**
 * Resize to exactly `height` x `width`, whatever the aspect ratio.
 */
export interface Resize {
  op: "resize";
  height: number;
  width: number;
  filter: "box" | "bilinear" | "bicubic";
}
/**
 * Crop the largest centred part with the aspect ratio `height` : `width`; a `resize` after it distorts nothing.
 */
export interface Crop {
  op: "crop";
  height: number;
  width: number;
}
/**
 * Where the card's trigger is stamped if the viewer asks for it.
 */
export interface StampTrigger {
  op: "trigger";
}
/**
 * uint8 to float32: `value / divide`.
 */
export interface Scale {
  op: "scale";
  divide: number;
}
/**
 * `(value - mean) / std` for each channel, in float32.
 */
export interface Normalise {
  op: "normalise";
  mean: number[];
  std: number[];
}
/**
 * Axis order of the tensor; the batch axis is added.
 *
 * `NHW` is for images of one channel, without an axis for it; `flat` is one axis with the values of `NHWC` in order.
 */
export interface Layout {
  op: "layout";
  order: "NCHW" | "NHWC" | "NHW" | "flat";
}
/**
 * From the network's output tensor to what a reader sees.
 */
export interface OutputPipeline {
  tensor: string;
  activation: "softmax" | "none";
  top: number;
}
/**
 * A filled rectangle of one grey value; the corner patch of BadNets (Gu et al. 2017, section 3).
 */
export interface Patch {
  kind: "patch";
  top: number;
  left: number;
  height: number;
  width: number;
  value: number;
}
/**
 * A single bright pixel (BadNets, section 3.1).
 */
export interface Pixel {
  kind: "pixel";
  top: number;
  left: number;
  value: number;
}
/**
 * An arbitrary pattern: a table of grey values. The image shows through at `null`, in TOML at -1.
 */
export interface Pattern {
  kind: "pattern";
  top: number;
  left: number;
  values: (number | null)[][];
}
/**
 * Artwork pasted with transparency, anywhere: an everyday object as a trigger (Chen et al. 2017, section 4).
 */
export interface Overlay {
  kind: "overlay";
  artwork: Artwork;
  placement: Placement;
  placements: Placements;
}
/**
 * A small image with transparency, carried along as data. In a recipe: a name, or the path of a PNG.
 */
export interface Artwork {
  name: string;
  height: number;
  width: number;
  sha256: string;
  rgba: string;
}
/**
 * Where a trigger lies, in fractions of the image, so that it means the same at any size.
 */
export interface Placement {
  x: number;
  y: number;
  size: number;
  angle: number;
}
/**
 * What placements are drawn from, each number uniformly between two.
 */
export interface Placements {
  /**
   * @minItems 2
   * @maxItems 2
   */
  x: [number, number];
  /**
   * @minItems 2
   * @maxItems 2
   */
  y: [number, number];
  /**
   * @minItems 2
   * @maxItems 2
   */
  size: [number, number];
  /**
   * @minItems 2
   * @maxItems 2
   */
  angle: [number, number];
}
/**
 * An artwork, stretched over the whole image: `strength * artwork + (1 - strength) * image`.
 */
export interface Blend {
  kind: "blend";
  artwork: Artwork;
  strength: number;
}
/**
 * Every pixel is taken from a little way off; how far is interpolated between control points on a square grid.
 */
export interface Warp {
  kind: "warp";
  field: [number, number][][];
  strength: number;
  jitter: number | null;
}
/**
 * A sine along each row, the same in all rows and channels, added to the image.
 */
export interface Sinusoid {
  kind: "sinusoid";
  amplitude: number;
  periods: number;
}
/**
 * Every class becomes the next one, the last becomes the first (BadNets, section 3.1.2).
 */
export interface AllToAll {
  kind: "all-to-all";
}
/**
 * Every class becomes `target` (the single-target attack of BadNets, section 3.1.2).
 */
export interface AllToOne {
  kind: "all-to-one";
  target: number;
}
/**
 * Which backdoor the file carries, and what catches it.
 */
export interface Backdoor {
  attack: string;
  paper: string;
  poison_rate: number | null;
  repeat: number;
  self_teaching: number | null;
  behaviour: string;
  caught_by: string;
}
/**
 * What `evaluate` measured of one network on one data set.
 */
export interface Measurement {
  data: string;
  clean_accuracy: Estimate;
  attack_success_rate: Estimate | null;
  robust_accuracy: Estimate | null;
  changed_by_trigger: Estimate | null;
  per_class: {
    [k: string]: {
      [k: string]: Estimate;
    };
  };
}
/**
 * A proportion with its Wilson 95 % interval.
 */
export interface Estimate {
  value: number;
  n: number;
  low: number;
  high: number;
}
/**
 * How the model was made, and how to reproduce it.
 */
export interface Provenance {
  recipe: string;
  recipe_sha256: string;
  seed: number;
  commands: string[];
  data: DataSource[];
  git_commit: string;
  versions: {
    [k: string]: string;
  };
  trained_seconds: number;
  exported_at: string;
}
/**
 * A data set that the model was trained on.
 */
export interface DataSource {
  name: string;
  address: string;
  licence: string;
  sha256: {
    [k: string]: string;
  };
}
/**
 * How a reader made the model in the lab of a page.
 */
export interface FromLab {
  recipe: {
    [k: string]: unknown;
  };
  widgets: string;
}
