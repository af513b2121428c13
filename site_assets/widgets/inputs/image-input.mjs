/**
 * `<onnx-image-input>`: an image from a file picker, dropped, or pasted. Set `zone` to the element that takes drops.
 *
 * Events: `image` with `{blob}`, `problem` with `{error}`.
 */

import { WidgetError } from "../core/messages.mjs";
import { define, emit, h, iconButton } from "../parts/dom.mjs";

export class ImageInput extends HTMLElement {
  /** Takes drops, and pastes while the pointer or the focus is in it. @type {HTMLElement} */
  zone = this;
  #file = h("input", { type: "file", accept: "image/*", class: "ow-file", tabindex: -1, "aria-hidden": "true" });
  #button = iconButton("photo", "Photo", { text: true });
  /** @type {AbortController | null} */
  #listening = null;

  connectedCallback() {
    if (!this.firstChild) {
      this.#button.title = "Choose an image; you can also drop or paste one";
      this.append(this.#button, this.#file);
    }
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#button.addEventListener("click", () => this.#file.click(), { signal });
    this.#file.addEventListener("change", () => this.#chosen(), { signal });
    document.addEventListener("paste", (event) => this.#paste(event), { signal });
    this.zone.addEventListener("dragover", (event) => this.#over(event), { signal });
    this.zone.addEventListener("dragleave", (event) => this.#leave(event), { signal });
    this.zone.addEventListener("drop", (event) => this.#drop(event), { signal });
  }

  disconnectedCallback() {
    this.#listening?.abort();
    this.zone.classList.remove("ow-dragging");
  }

  #chosen() {
    const file = this.#file.files?.[0];
    this.#file.value = ""; // So that the same file can be chosen again.
    if (file) this.#take(file);
  }

  /** @param {DragEvent} event */
  #over(event) {
    const types = event.dataTransfer?.types ?? [];
    if (!types.includes("Files") && !types.includes("text/uri-list")) return;
    event.preventDefault();
    this.zone.classList.add("ow-dragging");
  }

  /** @param {DragEvent} event */
  #leave(event) {
    if (event.relatedTarget instanceof Node && this.zone.contains(event.relatedTarget)) return;
    this.zone.classList.remove("ow-dragging");
  }

  /** @param {DragEvent} event */
  #drop(event) {
    event.preventDefault();
    this.zone.classList.remove("ow-dragging");
    this.#takeFrom(event.dataTransfer);
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    const here = this.zone.matches(":hover") || this.zone.contains(document.activeElement);
    const typing = event.target instanceof HTMLElement && event.target.matches("input:not([type=file]), textarea");
    if (!here || typing) return;
    event.preventDefault();
    this.#takeFrom(event.clipboardData);
  }

  /** @param {DataTransfer | null} transfer */
  #takeFrom(transfer) {
    const files = [...(transfer?.files ?? [])];
    const file = files.find((each) => each.type.startsWith("image/")) ?? files[0];
    if (file) this.#take(file);
    else emit(this, "problem", { error: new WidgetError("empty-drop") });
  }

  /** @param {File} file */
  #take(file) {
    // Some systems give no type; then the decoder finds out.
    const image = file.type === "" || file.type.startsWith("image/");
    if (image) emit(this, "image", { blob: file });
    else emit(this, "problem", { error: new WidgetError("not-an-image", { what: file.name }) });
  }
}

define("onnx-image-input", ImageInput);
