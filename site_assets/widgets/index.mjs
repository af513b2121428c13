/**
 * The widgets' entry: defines the custom elements. Running it again does nothing.
 *
 * What the elements import is named here as well, so that a browser fetches all of it at once and not level by level.
 */

import "./engine/client.mjs";
import "./core/card.mjs";
import "./core/config.mjs";
import "./core/fetch.mjs";
import "./core/history.mjs";
import "./engine/latest.mjs";
import "./core/messages.mjs";
import "./core/output.mjs";
import "./core/pixels.mjs";
import "./core/resize.mjs";
import "./core/sha256.mjs";
import "./core/strokes.mjs";
import "./core/summary.mjs";
import "./core/url-state.mjs";
import "./parts/announcer.mjs";
import "./inputs/choices.mjs";
import "./stages/digit.mjs";
import "./elements/onnx-demo/view.mjs";
import "./engine/models.mjs";
import "./worker/ort.mjs";
import "./triggers/artwork.mjs";
import "./triggers/placement.mjs";
import "./triggers/registry.mjs";

import { OnnxDemo } from "./elements/onnx-demo/onnx-demo.mjs";
import { CameraInput } from "./inputs/camera-input.mjs";
import { DigitPad } from "./inputs/digit-pad.mjs";
import { ImageInput } from "./inputs/image-input.mjs";
import { SampleStrip } from "./inputs/sample-strip.mjs";
import { define } from "./parts/dom.mjs";
import { LoadProgress } from "./parts/load-progress.mjs";
import { ModelAnswer } from "./parts/model-answer.mjs";
import { ModelBadge } from "./parts/model-badge.mjs";
import { NetworkView } from "./parts/network-view.mjs";
import { TopKBars } from "./parts/top-k-bars.mjs";

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
