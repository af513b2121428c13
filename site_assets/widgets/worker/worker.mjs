/**
 * The thread that owns onnxruntime-web: a table of tasks that the page asks for (see `engine/client.mjs`). Another task is
 * another file in `tasks/` and a line in the table.
 *
 * Everything that the tasks import is imported here as well, so that a browser fetches it at once and not level by level.
 */

import "../core/abort.mjs";
import "../core/backend.mjs";
import "../core/bmp.mjs";
import "../core/card-schema.mjs";
import "../core/card.mjs";
import "../core/decode.mjs";
import "../core/dimensions.mjs";
import "../core/fetch.mjs";
import "../core/gif.mjs";
import "../core/half-even.mjs";
import "../core/half.mjs";
import "../core/image.mjs";
import "../core/ink.mjs";
import "../core/inside.mjs";
import "../core/json-schema.mjs";
import "../core/marks.mjs";
import "../core/messages.mjs";
import "../core/order.mjs";
import "../core/output.mjs";
import "../core/preprocess.mjs";
import "../core/resize.mjs";
import "../core/runtime.mjs";
import "../core/sha256.mjs";
import "../core/signature.mjs";
import "../core/tensor.mjs";
import "../core/text.mjs";
import "../core/watchdog.mjs";
import "../triggers/artwork.mjs";
import "../triggers/registry.mjs";
import "./fit.mjs";
import "./glue.mjs";
import "./images.mjs";
import "./inference.mjs";
import "./memory.mjs";
import "./meter.mjs";
import "./networks.mjs";
import "./ort.mjs";
import "./sessions.mjs";
import { serve } from "./serve.mjs";
import { look } from "./tasks/look.mjs";
import { open } from "./tasks/open.mjs";
import { preview } from "./tasks/preview.mjs";
import { run } from "./tasks/run.mjs";

export const TASKS = {
  open,
  run,
  preview,
  look,
};

// A worker's global scope posts without a target origin; the types are those of a window.
serve(/** @type {import("./serve.mjs").Port} */ (/** @type {unknown} */ (globalThis)), TASKS);
