/** The five steps, built and connected. */

import { attackPanel } from "./attack-step.mjs";
import { catchPanel } from "./catch-step.mjs";
import { dataPanel } from "./data-step.mjs";
import { trainingPanel } from "./training-step.mjs";
import { triggerPanel } from "./trigger-step.mjs";
import { tryTrigger } from "./try-trigger.mjs";

/** @typedef {import("./material.mjs").Material} Material */
/** @typedef {ReturnType<typeof buildPanels>} Panels */
/**
 * @typedef {object} Around what the element gives to its steps
 * @property {import("../../engine/lab.mjs").Lab} lab
 * @property {import("../../engine/lab-training.mjs").LabTraining} training
 * @property {import("../../engine/lab-released.mjs").Released} released
 * @property {import("../../parts/announcer.mjs").Announcer} announcer
 * @property {import("./material.mjs").Change} change
 * @property {() => void} start
 * @property {() => void} reseed
 * @property {(rate: number) => void} attempt go to the attack's slider, at that rate
 * @property {(error: unknown) => void} fail
 */

/** @param {Material} material @param {Around} around */
export function buildPanels(material, { lab, training, released, announcer, change, start, reseed, attempt, fail }) {
  const now = (/** @type {string} */ sentence) => announcer.now(sentence);
  const soon = (/** @type {string} */ sentence) => announcer.soon(sentence);
  const trial = tryTrigger(lab, released, material.card.labels, soon);
  const learning = trainingPanel(material, {
    start,
    pause: () => training.pause(),
    reset: () => training.forget(),
    reseed,
    attempt,
    epochs: (epochs) => change({ epochs }),
    ask: (image) => training.drawn(image),
    say: soon,
    fail,
  });
  return {
    data: dataPanel(material),
    trigger: triggerPanel(material, change, trial),
    attack: attackPanel(material, change),
    training: learning,
    catch: catchPanel(material, lab, {
      released,
      recipe: () => training.recipe,
      own: () => learning.own.digit,
      say: now,
    }),
    trial,
  };
}
