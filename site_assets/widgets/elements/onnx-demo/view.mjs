/** What a demo consists of on the page: built once, in a size that does not change when the networks arrive. */

import { formatBytes, modelFile, PRECISIONS, totalBytes } from "../../core/card.mjs";
import { CameraInput } from "../../inputs/camera-input.mjs";
import { DigitPad } from "../../inputs/digit-pad.mjs";
import { ImageInput } from "../../inputs/image-input.mjs";
import { SampleStrip } from "../../inputs/sample-strip.mjs";
import { Announcer } from "../../parts/announcer.mjs";
import { h, icon, iconButton } from "../../parts/dom.mjs";
import { LoadProgress } from "../../parts/load-progress.mjs";
import { ModelAnswer } from "../../parts/model-answer.mjs";
import { NetworkView } from "../../parts/network-view.mjs";
import { describe } from "../../triggers/registry.mjs";

/** @typedef {import("../../core/config.mjs").Config} Config */
/** @typedef {import("../../core/card.mjs").Card} Card */
/** @typedef {ReturnType<typeof buildView>} View */

export const YOURS = "Your picture";
/** Switches the trigger while the focus is in the demo. */
export const TRIGGER_KEY = "T";
const SHARE = "Copy a link to this view";

let lastNumber = 0;

/**
 * @param {Config} config
 * @param {import("../../stages/photo.mjs").PhotoStage | null} [photo] the stage of a demo of photographs
 */
export function buildView(config, photo = null) {
  const has = (/** @type {import("../../core/config.mjs").Input} */ input) => config.inputs.includes(input);
  const name = `ow-${++lastNumber}`;
  const pad = has("draw") && !photo ? new DigitPad() : null;
  const upload = has("upload") ? new ImageInput() : null;
  const camera = has("camera") ? new CameraInput() : null;
  const samples =
    has("samples") && config.samples.length > 0 ? Object.assign(new SampleStrip(), { samples: config.samples }) : null;
  const shown = h("canvas", { class: "ow-photo", hidden: true, role: "img", "aria-label": "The chosen picture" });
  const hint = h("div", { class: "ow-hint", "aria-hidden": "true" }, hintText(config));
  const stage = photo ?? h("div", {}, shown);
  stage.classList.add("ow-stage");
  if (!pad) stage.tabIndex = -1; // So that it can take the focus from a button that goes.
  stage.append(...[camera?.video, hint, pad].filter((each) => each !== null && each !== undefined));
  const undo = iconButton("undo", "Undo");
  const redo = iconButton("redo", "Redo");
  const clear = iconButton("clear", "Clear");
  const editing = pad ? h("span", { class: "ow-group" }, undo, redo, clear) : null;
  const tools = h("div", { class: "ow-tools", role: "group", "aria-label": "Input" }, editing, upload, camera);
  const seen = new NetworkView();
  const toggle = h("button", { type: "button", role: "switch", "aria-checked": "false", class: "ow-switch" });
  const triggerText = h("span", { class: "ow-trigger-text", id: `${name}-trigger` }, " ");
  toggle.append(h("span", { class: "ow-knob", "aria-hidden": "true" }), h("span", {}, "Trigger"));
  toggle.setAttribute("aria-describedby", `${name}-trigger ${name}-key`);
  const keyText = h("span", { class: "ow-sr", id: `${name}-key` });
  if (config.trigger === "switch") {
    toggle.setAttribute("aria-keyshortcuts", TRIGGER_KEY);
    toggle.append(h("span", { class: "ow-key", "aria-hidden": "true" }, TRIGGER_KEY));
    keyText.textContent = `The key ${TRIGGER_KEY} switches it from anywhere in this demonstration.`;
  }
  const placing = photo ? placingTools() : null;
  const triggerBox = h("div", { class: "ow-trigger" }, toggle, triggerText, keyText, placing);
  triggerBox.hidden = config.trigger === "off";
  const answers = config.models.map((model) => Object.assign(new ModelAnswer(), { heading: model.title ?? "Network" }));
  // Until the cards are there: one draws digits, of which there are ten; other networks have more classes.
  for (const answer of answers) answer.reserve(pad ? 10 : 100, config.top ?? 3);
  const picker = config.compare || config.models.length < 2 ? null : modelPicker(config);
  const summary = h("p", { class: "ow-summary" });
  const live = new Announcer();
  const load = Object.assign(new LoadProgress(), { heirs: [toggle, pad ?? stage] });
  if (photo) photo.heir = toggle;
  const precision = h("select", { class: "ow-precision" });
  const weights = h("label", { class: "ow-weights" }, h("span", {}, "Weights"), precision);
  const timing = h("span", { class: "ow-timing" });
  const share = iconButton("link", SHARE);
  const title = caption(YOURS);
  const left = h("div", { class: "ow-left" }, title, stage, tools, samples);
  const seenPart = photo ? null : h("div", {}, caption("What the network sees"), seen);
  const seenBox = h("div", { class: "ow-seen" }, seenPart, triggerBox);
  const answersBox = h("div", { class: "ow-answers", "data-count": config.compare ? answers.length : 1 }, ...answers);
  const says = h("div", { class: "ow-says" }, summary, load);
  const right = h("div", { class: "ow-right" }, seenBox, picker, answersBox, says);
  const privacy = h("span", { class: "ow-privacy" }, icon("lock"), h("span", {}, "Pictures stay in this tab"));
  const foot = h("footer", { class: "ow-foot" }, weights, timing, privacy);
  const head = h("header", { class: "ow-head" }, h("div", { class: "ow-title" }, config.title), share);
  const root = h(
    "section",
    { class: "ow", "aria-label": config.title || "Demonstration", "data-photos": photo !== null },
    head,
    h("div", { class: "ow-body" }, left, right),
    foot,
    live.element,
  );
  if (upload) upload.zone = root;
  return {
    root,
    title,
    stage,
    pad,
    upload,
    camera,
    samples,
    photo: shown,
    placing,
    hint,
    undo,
    redo,
    clear,
    seen,
    toggle,
    triggerText,
    triggerBox,
    answers,
    picker,
    summary,
    live,
    load,
    precision,
    weights,
    timing,
    share,
  };
}

/** @param {string} text */
function caption(text) {
  return h("div", { class: "ow-caption" }, text);
}

/** @param {Config} config */
function hintText(config) {
  if (config.inputs.includes("draw")) return "Draw a digit";
  return config.inputs.includes("upload") ? "Drop a picture here" : "Choose a sample";
}

/** What moving an overlay by hand does, for those who would rather press a button. */
function placingTools() {
  /** @type {[name: Parameters<typeof iconButton>[0], label: string, by: object | string][]} */
  const tools = [
    ["smaller", "Smaller", { size: 1 / 1.1 }],
    ["larger", "Larger", { size: 1.1 }],
    ["left", "Turn left", { angle: -10 }],
    ["right", "Turn right", { angle: 10 }],
    ["home", "Put it back", "home"],
  ];
  const buttons = tools.map(([name, label, by]) => {
    const button = iconButton(name, label);
    button.dataset.by = JSON.stringify(by);
    return button;
  });
  return h("div", { class: "ow-group ow-placing", role: "group", "aria-label": "Place the overlay" }, ...buttons);
}

/** @param {Config} config */
function modelPicker(config) {
  const picker = h("div", { class: "ow-picker", role: "group", "aria-label": "Network" });
  for (const [i, model] of config.models.entries()) {
    picker.append(
      h(
        "button",
        { type: "button", class: "ow-button", "aria-pressed": String(i === 0) },
        model.title ?? `Network ${i + 1}`,
      ),
    );
  }
  return picker;
}

/**
 * What becomes known with the cards.
 *
 * @param {View} view
 * @param {Config} config
 * @param {import("../../engine/models.mjs").Engine} engine
 */
export function fillView(view, config, engine) {
  const cards = engine.entries.map(({ card }) => card);
  for (const [i, card] of cards.entries()) {
    const title = config.models[i].title ?? card.title;
    view.answers[i].heading = title;
    view.answers[i].configure(card, config.top ?? card.output.top);
    const button = view.picker?.children[i];
    if (button) button.textContent = title;
  }
  const { trigger } = engine;
  view.triggerBox.hidden = config.trigger === "off" || !trigger;
  if (trigger) view.triggerText.textContent = describe(trigger, cards[0].input);
  fillPrecisions(view, engine, cards);
}

/**
 * The precisions that every network has, with the size of all of them together.
 *
 * @param {View} view
 * @param {import("../../engine/models.mjs").Engine} engine
 * @param {Card[]} cards
 */
function fillPrecisions(view, engine, cards) {
  const common = cards[0].files
    .map((file) => file.precision)
    .filter((precision) => cards.every((card) => card.files.some((file) => file.precision === precision)));
  const current = engine.fileOf(engine.shown[0]).precision;
  view.precision.replaceChildren(
    ...common.map((precision) => {
      const files = engine.shown.map((i) => modelFile(cards[i], precision));
      const text = `${PRECISIONS[precision] ?? precision}, ${formatBytes(totalBytes(files))}`;
      return h("option", { value: precision, selected: precision === current }, text);
    }),
  );
  view.weights.hidden = common.length < 2;
}

/** On a page without https there is no clipboard: then this fails, as it does where the reader does not allow it. */
async function copyAddress() {
  await navigator.clipboard.writeText(location.href);
}

/**
 * Copy the address, which holds the view, and say so for a while.
 *
 * @param {View} view
 */
export async function shareLink({ share }) {
  const text = share.querySelector(".ow-sr");
  const done = await copyAddress().then(
    () => "Copied",
    () => "The link is in the address bar",
  );
  share.dataset.done = done;
  if (text) text.textContent = done;
  setTimeout(() => {
    delete share.dataset.done;
    if (text) text.textContent = SHARE;
  }, 2500);
}
