/** What changes on a demo: its controls, the answers, and what is wrong with an image. */

import { formatBytes, modelFile, PRECISIONS, totalBytes } from "../../core/card.mjs";
import { words } from "../../core/messages.mjs";
import { summarise } from "../../core/summary.mjs";
import { h } from "../../parts/dom.mjs";
import { describe } from "../../triggers/registry.mjs";

/** @typedef {import("../../core/card.mjs").Card} Card */
/** @typedef {import("../../core/config.mjs").Config} Config */
/** @typedef {import("../../engine/models.mjs").Models} Models */
/** @typedef {import("../../worker/tasks/run.mjs").RunResult} RunResult */
/** @typedef {import("./view.mjs").View} View */

/** What the page calls answers that are not live. */
const STORED = "Answers computed when this page was built";

/**
 * What becomes known with the cards.
 *
 * @param {View} view
 * @param {Config} config
 * @param {Models} models
 */
export function fillView(view, config, models) {
  const cards = models.entries.map(({ card }) => card);
  for (const [i, card] of cards.entries()) {
    const title = config.models[i].title ?? card.title;
    view.answers[i].heading = title;
    view.answers[i].configure(card, config.top ?? card.output.top, Boolean(config.models[i].signed));
    const button = view.picker?.children[i];
    if (button) button.textContent = title;
  }
  const { trigger } = models;
  view.triggerBox.hidden = config.trigger === "off" || !trigger;
  if (trigger) view.triggerText.textContent = describe(trigger, cards[0].input);
  fillPrecisions(view, config, models, cards);
}

/**
 * The precisions that every network has, with the size of all of them together.
 *
 * @param {View} view
 * @param {Config} config
 * @param {Models} models
 * @param {Card[]} cards
 */
function fillPrecisions(view, config, models, cards) {
  const common = cards[0].files
    .map((file) => file.precision)
    .filter((precision) => cards.every((card) => card.files.some((file) => file.precision === precision)));
  const current = models.fileOf(models.shown[0]).precision;
  view.precision.replaceChildren(
    ...common.map((precision) => {
      const files = models.shown.map((i) => modelFile(cards[i], precision));
      const text = `${PRECISIONS[precision] ?? precision}, ${formatBytes(totalBytes(files))}`;
      return h("option", { value: precision, selected: precision === current }, text);
    }),
  );
  view.weights.hidden = common.length < 2 || config.inside !== null; // An appendix belongs to one file.
}

/**
 * @param {View} view
 * @param {boolean} stamped
 * @param {number | null} only the network shown, where they are not side by side
 */
export function showControls({ toggle, picker, answers }, stamped, only) {
  toggle.setAttribute("aria-checked", String(stamped));
  for (const [i, button] of [...(picker?.children ?? [])].entries()) {
    button.setAttribute("aria-pressed", String(i === only));
    answers[i].hidden = i !== only;
  }
}

/** @param {View} view @param {import("../../engine/loader.mjs").State} state */
export function showLoading({ load, live }, state) {
  load.show(state);
  if (state.name === "loading" && !state.progress) live.soon("Loading the networks.");
  else if (state.name === "ready") live.now("The networks are ready.");
  else if (state.name === "failed") live.now(""); // An alert, which speaks for itself.
}

/**
 * @param {View} view
 * @param {RunResult & {shown: number[]}} result of some of the networks, or all
 * @param {Models} models
 * @param {boolean} stamped
 * @param {import("../../core/card.mjs").InputKind} kind
 * @param {{note?: string, seen?: string}} [inside] of the networks' insides: what holds for the answers, and what only screen
 *   readers are told here
 */
export function showAnswers(view, { answers, shown, milliseconds, runs }, models, stamped, kind, inside = {}) {
  const verdicts = answers.map((answer, i) => view.answers[shown[i]].show(answer, stamped));
  if (shown.length < models.shown.length) return; // The others follow in a moment, and then the sentence.
  const sentence = [summarise(verdicts), inside.note].filter(Boolean).join(" ");
  // A problem stays until the reader changes something: an older answer must not replace it.
  if (!("problem" in view.summary.dataset)) view.summary.textContent = sentence;
  if (runs > 0) view.timing.textContent = timing(milliseconds.infer, kind === "photo" ? runs : 1);
  view.timing.title = `${milliseconds.prepare.toFixed(1)} ms to prepare the image, the rest for the networks`;
  view.live.soon([sentence, inside.seen].filter(Boolean).join(" "));
}

/**
 * Answers from the time when the page was built.
 *
 * @param {View} view
 * @param {import("../../core/config.mjs").Stored} stored
 * @param {Models} models
 * @param {boolean} stamped
 */
export function showStored(view, stored, { shown }, stamped) {
  const verdicts = shown.map((i) => view.answers[i].show(stored.answers[i], stamped));
  view.summary.textContent = summarise(verdicts);
  view.timing.textContent = STORED;
}

/** @param {View} view */
export function clearAnswers({ answers, summary, live }) {
  for (const answer of answers) answer.clear();
  summary.textContent = "";
  live.cancel();
}

/** Something about the reader's image, not about the networks. @param {View} view @param {unknown} error */
export function showProblem({ summary }, error) {
  const { title, advice } = words(error);
  summary.replaceChildren(h("strong", {}, title), ` ${advice}`);
  summary.dataset.problem = "";
  summary.setAttribute("role", "alert");
}

/** @param {View} view */
export function clearProblem({ summary }) {
  if (!("problem" in summary.dataset)) return;
  delete summary.dataset.problem;
  summary.removeAttribute("role");
  summary.textContent = "";
}

/**
 * @param {number} milliseconds of all networks together
 * @param {number} runs
 */
function timing(milliseconds, runs) {
  const each = runs === 1 ? "" : " a network";
  return `${(milliseconds / runs).toFixed(1)} ms${each}`;
}
