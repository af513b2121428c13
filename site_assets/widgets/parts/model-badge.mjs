/** `<onnx-model-badge>`: whether a network carries a backdoor, and is signed, in words and a sign, never by colour alone. */

import { define, h, icon } from "./dom.mjs";

export class ModelBadge extends HTMLElement {
  /** Take the room of a line. */
  reserve() {
    this.replaceChildren(h("span", {}, "\u00a0"));
  }

  /**
   * @param {{backdoor?: {attack: string, behaviour: string} | null}} card
   * @param {boolean} [signed] with the key that the page names, as was checked
   */
  show({ backdoor }, signed = false) {
    this.toggleAttribute("data-backdoored", Boolean(backdoor));
    const known = backdoor ? `${backdoor.attack}: ${backdoor.behaviour}` : "No backdoor was planted in this network";
    this.title = signed ? `${known}. Its files are those that the key’s owner signed` : known;
    const word = `${backdoor ? "Backdoored" : "Clean"}${signed ? ", signed" : ""}`;
    this.replaceChildren(icon(backdoor ? "warning" : "check"), h("span", {}, word));
  }
}

define("onnx-model-badge", ModelBadge);
