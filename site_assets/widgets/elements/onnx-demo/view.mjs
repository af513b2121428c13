/** What a demo consists of on the page: built once, in a size that does not change when the networks arrive. */

import { sharedBackends } from "../../engine/backends.mjs";
import { Announcer } from "../../parts/announcer.mjs";
import { backendChoice } from "../../parts/backend-choice.mjs";
import { caption, h, icon } from "../../parts/dom.mjs";
import { LoadProgress } from "../../parts/load-progress.mjs";
import { ModelAnswer } from "../../parts/model-answer.mjs";
import { sampleCredit } from "../../parts/sample-credit.mjs";
import { shareButton } from "../../parts/share-button.mjs";
import { markLength } from "../../parts/top-k-bars.mjs";

/** @typedef {import("../../core/config.mjs").Config} Config */
/** @typedef {import("../../inputs/inputs.mjs").Inputs} Inputs */
/** @typedef {import("../../stages/stage.mjs").Stage} Stage */
/** @typedef {ReturnType<typeof buildView>} View */

export const YOURS = "Your image";
/** Switches the trigger while the focus is in the demo. */
export const TRIGGER_KEY = "T";

let lastNumber = 0;

/**
 * @param {Config} config
 * @param {import("../../core/card.mjs").InputKind} kind
 * @param {Stage} stage
 * @param {Inputs} inputs
 * @param {HTMLElement | null} inside the server's figures of the networks' insides
 */
export function buildView(config, kind, stage, { upload, camera, samples }, inside) {
  const name = `ow-${++lastNumber}`;
  const editing = h("div", { class: "ow-tools", role: "group", "aria-label": "Input" }, stage.editing, upload, camera);
  const { toggle, triggerText, triggerBox } = triggerSwitch(config, name, stage.placing);
  const answers = config.models.map((model) => Object.assign(new ModelAnswer(), { heading: model.title ?? "Network" }));
  const labels = config.labels ?? { count: stage.classes, longest: stage.classes > 10 ? 20 : 1 };
  for (const answer of answers) answer.reserve(labels, config.top ?? 3);
  const picker = config.compare || config.models.length < 2 ? null : modelPicker(config);
  const summary = h("p", { class: "ow-summary" });
  const live = new Announcer();
  const load = Object.assign(new LoadProgress(), { heirs: [toggle, stage.focusTarget] });
  stage.heir = toggle;
  const precision = h("select", { class: "ow-precision" });
  const weights = h("label", { class: "ow-weights" }, h("span", {}, "Weights"), precision);
  const backend = backendChoice(sharedBackends());
  const timing = h("span", { class: "ow-timing" });
  const share = shareButton();
  const title = caption(YOURS);
  const credit = sampleCredit(samples ? config.samples : []);
  const missing = config.missing ? h("p", { class: "ow-missing" }, config.missing) : null;
  // Over the input, where it is in sight and moves nothing when it goes.
  const screen = h("div", { class: "ow-screen" }, stage.element, load);
  const left = h("div", { class: "ow-left" }, title, screen, editing, samples, missing, credit.element);
  const seenBox = h("div", { class: "ow-seen" }, stage.seen, triggerBox);
  const answersBox = h("div", { class: "ow-answers", "data-count": config.compare ? answers.length : 1 }, ...answers);
  const says = h("div", { class: "ow-says" }, summary);
  const beside = inside?.dataset.view === "plane"; // What moves as one drags is in sight of it.
  const right = h("div", { class: "ow-right" }, seenBox, says, picker, beside && inside, answersBox);
  const privacy = h("span", { class: "ow-privacy" }, icon("lock"), h("span", {}, "Images stay in this tab"));
  const foot = h("footer", { class: "ow-foot" }, weights, backend.label, timing, privacy, backend.note);
  const head = h("header", { class: "ow-head" }, h("div", { class: "ow-title" }, config.title), share);
  const root = h(
    "section",
    { class: "ow", "aria-label": config.title || "Demonstration", "data-photos": kind === "photo" },
    head,
    h("div", { class: "ow-body" }, left, right, !beside && inside),
    foot,
    live.element,
  );
  markLength(root, labels.longest);
  if (upload) upload.zone = root;
  return {
    root,
    title,
    credit,
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
    backend,
    timing,
    share,
    inside,
  };
}

/**
 * @param {Config} config
 * @param {string} name for ids
 * @param {HTMLElement | null} placing buttons that move the trigger
 */
function triggerSwitch(config, name, placing) {
  const toggle = h("button", { type: "button", role: "switch", "aria-checked": "false", class: "ow-switch" });
  const triggerText = h("span", { class: "ow-trigger-text", id: `${name}-trigger` }, " ");
  toggle.append(h("span", { class: "ow-knob", "aria-hidden": "true" }), h("span", {}, "Trigger"));
  toggle.setAttribute("aria-describedby", `${name}-trigger ${name}-key`);
  toggle.disabled = config.trigger !== "switch";
  const keyText = h("span", { class: "ow-sr", id: `${name}-key` });
  if (config.trigger === "switch") {
    toggle.setAttribute("aria-keyshortcuts", TRIGGER_KEY);
    toggle.append(h("span", { class: "ow-key", "aria-hidden": "true" }, TRIGGER_KEY));
    keyText.textContent = `The key ${TRIGGER_KEY} switches it from anywhere in this demonstration.`;
  }
  const triggerBox = h("div", { class: "ow-trigger" }, toggle, placing, triggerText, keyText);
  triggerBox.hidden = config.trigger === "off";
  return { toggle, triggerText, triggerBox };
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
