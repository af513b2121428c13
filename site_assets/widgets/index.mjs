/**
 * The widgets' entry: one line an element. An element's modules are fetched when the page has one, now or after a later
 * navigation.
 */

import { defineOnSight } from "./parts/define.mjs";

defineOnSight({
  "chart-cursor": () => import("./elements/chart-cursor/chart-cursor.mjs"),
  "defence-matrix": () => import("./elements/defence-matrix/defence-matrix.mjs"),
  "onnx-demo": () => import("./elements/onnx-demo/onnx-demo.mjs"),
});
