/** `<onnx-network-view>`: the very pixels a network is given, enlarged, with the trigger's pixels outlined. */

import { addAlpha } from "../core/image.mjs";
import { outline } from "../triggers/registry.mjs";
import { define, h, svg } from "./dom.mjs";

/** @typedef {import("../core/image.mjs").Image} Image */
/** @typedef {import("../triggers/registry.mjs").Trigger} Trigger */

export class NetworkView extends HTMLElement {
  #canvas = h("canvas", { width: 28, height: 28, role: "img" });
  #overlay = svg("svg", {
    class: "ow-outline",
    viewBox: "0 0 28 28",
    "aria-hidden": "true",
    preserveAspectRatio: "none",
  });

  connectedCallback() {
    if (this.#canvas.parentNode !== this) this.prepend(this.#canvas, this.#overlay); // The first view may be there already.
    this.#describe(false);
  }

  /**
   * @param {Image} pixels
   * @param {Trigger | null} trigger outlined when given
   */
  show({ height, width, channels, data }, trigger) {
    const canvas = this.#canvas;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    canvas.getContext("2d")?.putImageData(new ImageData(addAlpha(data, channels), width, height), 0, 0);
    this.#outline(trigger, width, height);
    this.#describe(trigger !== null);
    this.toggleAttribute("data-filled", true);
  }

  clear() {
    const { width, height } = this.#canvas;
    this.#canvas.getContext("2d")?.clearRect(0, 0, width, height);
    this.#outline(null, width, height);
    this.#describe(false);
    this.toggleAttribute("data-filled", false);
  }

  /**
   * @param {Trigger | null} trigger
   * @param {number} width
   * @param {number} height
   */
  #outline(trigger, width, height) {
    this.#overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const area = trigger && outline(trigger, { height, width });
    if (!area) {
      this.#overlay.replaceChildren();
      return;
    }
    if (this.#overlay.firstChild) return; // Do not restart the animation with every stroke.
    const margin = 0.6 * (width / 28);
    this.#overlay.append(
      svg("rect", {
        x: area.left - margin,
        y: area.top - margin,
        width: area.width + 2 * margin,
        height: area.height + 2 * margin,
        rx: margin,
      }),
    );
  }

  /** @param {boolean} stamped */
  #describe(stamped) {
    const { width, height } = this.#canvas;
    const what = `The ${width} by ${height} pixels that the network is given`;
    this.#canvas.setAttribute("aria-label", stamped ? `${what}, with the trigger` : what);
  }
}

define("onnx-network-view", NetworkView);
