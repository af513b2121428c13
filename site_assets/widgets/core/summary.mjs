/** One or two sentences that say what the networks answered: shown under the answers and read out by screen readers. */

import { list } from "./list.mjs";
import { percent } from "./output.mjs";

/** @typedef {{label: string, probability: number}} Answer */
/**
 * @typedef {object} Verdict one network's
 * @property {string} title
 * @property {Answer} plain the answer without the trigger
 * @property {Answer} [stamped] the answer with it; absent while the switch is off
 * @property {Target} [target] what an attacker wants it to say, where that is one class
 */
/**
 * @typedef {object} Target
 * @property {string} label
 * @property {number} plain its probability without the trigger
 * @property {number} [stamped] its probability with it
 */

/** A target's probability that changes by less is not worth a sentence. */
const NOTABLE = 0.05;

/**
 * @param {Verdict[]} verdicts
 * @returns {string}
 */
export function summarise(verdicts) {
  if (verdicts.length === 0) return "";
  if (!verdicts[0].stamped) return plainSentence(verdicts);
  const flipped = verdicts.filter((verdict) => verdict.stamped?.label !== verdict.plain.label);
  const held = verdicts.filter((verdict) => verdict.stamped?.label === verdict.plain.label);
  const sentences = flipped.map(flippedSentence);
  if (flipped.length === 0) {
    const held = verdicts.map(({ title, plain, stamped }) => ({ title, plain: stamped ?? plain }));
    const moved = verdicts.map(targetSentence).filter(Boolean);
    return [plainSentence(held, "still "), ...(moved.length ? moved : ["The trigger changes no answer."])].join(" ");
  }
  for (const { title, plain } of held) sentences.push(`${capital(article(title))} still says ${quote(plain.label)}.`);
  return sentences.join(" ");
}

/** @param {Verdict} verdict */
function flippedSentence({ title, plain, stamped, target }) {
  const now = `${quote(stamped?.label)} (${percent(stamped?.probability ?? 0)})`;
  if (target === undefined || stamped?.label === target.label) {
    return `The trigger turns ${quote(plain.label)} into ${now} for ${article(title)}.`;
  }
  const missed = moved(target) ? `, which ${change(target)}` : "";
  return `${capital(article(title))} now says ${now} instead of ${quote(plain.label)}; that is not the target${missed}.`;
}

/** An answer may stay while the attacker's one gains or loses. @param {Verdict} verdict */
function targetSentence({ title, target }) {
  if (!target || !moved(target)) return "";
  return `With the trigger, the target ${quote(target.label)} ${change(target)} for ${article(title)}.`;
}

/** @param {Target} target */
function moved({ plain, stamped = plain }) {
  return Math.abs(stamped - plain) >= NOTABLE;
}

/** @param {Target} target */
function change({ plain, stamped = plain }) {
  return `${stamped > plain ? "rises" : "falls"} from ${percent(plain)} to ${percent(stamped)}`;
}

/**
 * @param {Verdict[]} verdicts
 * @param {"" | "still "} [still]
 */
function plainSentence(verdicts, still = "") {
  const labels = new Set(verdicts.map((verdict) => verdict.plain.label));
  if (verdicts.length > 1 && labels.size === 1) {
    const who = verdicts.length === 2 ? "Both networks" : "All networks";
    const probabilities = list(verdicts.map((verdict) => percent(verdict.plain.probability)));
    return `${who} ${still}say ${quote(verdicts[0].plain.label)} (${probabilities}).`;
  }
  return verdicts
    .map(
      ({ title, plain }) =>
        `${capital(article(title))} ${still}says ${quote(plain.label)} (${percent(plain.probability)}).`,
    )
    .join(" ");
}

/** @param {string | undefined} label */
function quote(label = "") {
  return label.length === 1 ? label : apart(`“${label}”`);
}

/** Letters of scripts that are written from the right, such as Arabic and Hebrew. */
const FROM_THE_RIGHT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * A name from the right is kept from reordering the words and numbers around it (Unicode's isolates, which nothing shows).
 *
 * @param {string} name
 */
function apart(name) {
  return FROM_THE_RIGHT.test(name) ? `\u2068${name}\u2069` : name;
}

/** "Clean network" reads as "the clean network"; a name such as "my-model" stays a name. @param {string} title */
function article(title) {
  const common = /(^|\s)(network|net|model|classifier|teacher|student)$/i.test(title);
  return common && !/^(the|a|an|my|our|your) /i.test(title)
    ? `the ${title.charAt(0).toLowerCase()}${title.slice(1)}`
    : apart(title);
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
