/**
 * The widgets' entry: defines the custom elements. Running it again does nothing.
 *
 * What the elements import is named here as well, so that a browser fetches all of it at once and not level by level.
 */

import "./client.mjs";
import "./core/card.mjs";
import "./core/config.mjs";
import "./core/fetch.mjs";
import "./core/history.mjs";
import "./core/latest.mjs";
import "./core/messages.mjs";
import "./core/output.mjs";
import "./core/pixels.mjs";
import "./core/resize.mjs";
import "./core/sha256.mjs";
import "./core/strokes.mjs";
import "./core/summary.mjs";
import "./core/url-state.mjs";
import "./elements/announcer.mjs";
import "./elements/choices.mjs";
import "./elements/demo-inputs.mjs";
import "./elements/demo-view.mjs";
import "./elements/engine.mjs";
import "./runtime/ort.mjs";
import "./triggers/artwork.mjs";
import "./triggers/overlay.mjs";
import "./triggers/pixels.mjs";
import "./triggers/placement.mjs";
import "./triggers/registry.mjs";

import { define } from "./elements/dom.mjs";
import { LoadProgress } from "./elements/load-progress.mjs";
import { ModelAnswer } from "./elements/model-answer.mjs";
import { ModelBadge } from "./elements/model-badge.mjs";
import { NetworkView } from "./elements/network-view.mjs";
import { OnnxDemo } from "./elements/onnx-demo.mjs";
import { TopKBars } from "./elements/top-k-bars.mjs";
import { CameraInput } from "./inputs/camera-input.mjs";
import { DigitPad } from "./inputs/digit-pad.mjs";
import { ImageInput } from "./inputs/image-input.mjs";
import { SampleStrip } from "./inputs/sample-strip.mjs";

define("onnx-digit-pad", DigitPad);
define("onnx-image-input", ImageInput);
define("onnx-sample-strip", SampleStrip);
define("onnx-camera-input", CameraInput);
define("onnx-network-view", NetworkView);
define("onnx-top-k-bars", TopKBars);
define("onnx-model-badge", ModelBadge);
define("onnx-model-answer", ModelAnswer);
define("onnx-load-progress", LoadProgress);
define("onnx-demo", OnnxDemo);
