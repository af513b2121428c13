/**
 * The widgets' entry: one line an element. An element's modules are fetched when the page has one, now or after a later
 * navigation.
 */

import { hurry } from "./engine/early.mjs";
import { defineOnSight } from "./parts/define.mjs";
import { isNear, savesData } from "./parts/dom.mjs";

defineOnSight({
  "backdoor-game": () => import("./elements/backdoor-game/backdoor-game.mjs"),
  "backdoor-lab": () => import("./elements/backdoor-lab/backdoor-lab.mjs"),
  "chart-cursor": () => import("./elements/chart-cursor/chart-cursor.mjs"),
  "defence-matrix": () => import("./elements/defence-matrix/defence-matrix.mjs"),
  "onnx-demo": (demo) => {
    if (isNear(demo) && !savesData()) hurry();
    return import("./elements/onnx-demo/onnx-demo.mjs");
  },
});
