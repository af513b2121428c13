/** The widgets' entry: defines the custom elements. Running it again does nothing. */

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
