/** `<onnx-model-badge>`: whether a network carries a backdoor, in a word and a sign, never by colour alone. */

import { define, h, icon } from "./dom.mjs";

export class ModelBadge extends HTMLElement {
  /** Take the room of a line. */
  reserve() {
    this.replaceChildren(h("span", {}, "\u00a0"));
  }

  /** @param {{backdoor?: {attack: string, behaviour: string} | null}} card */
  show({ backdoor }) {
    this.toggleAttribute("data-backdoored", Boolean(backdoor));
    this.title = backdoor ? `${backdoor.attack}: ${backdoor.behaviour}` : "No backdoor was planted in this network";
    this.replaceChildren(icon(backdoor ? "warning" : "check"), h("span", {}, backdoor ? "Backdoored" : "Clean"));
  }
}

define("onnx-model-badge", ModelBadge);
