/**
 * The model card of a network that was trained in the lab (`export/card/schema.py`), and what its ONNX file says of itself
 * (`export/onnx/metadata.py`).
 * @module
 */

import { BACKDOORED_PREFIX } from "../core/card.mjs";
import { describe } from "../triggers/registry.mjs";
import { SIDE } from "./digits.mjs";

/** @typedef {import("../core/card-types.d.ts").ModelCard} ModelCard */
/** @typedef {import("./poison.mjs").LabelMap} LabelMap */
/** @typedef {{attack: string, paper: string, caught_by: string}} Attack what is known of it */
/**
 * @typedef {object} Facts what the lab's card says of all its networks
 * @property {string} network
 * @property {string} licence
 * @property {string} notice
 * @property {string[]} labels
 * @property {ModelCard["input"]} input
 * @property {ModelCard["output"]} output
 * @property {{opset: number}} template
 * @property {{title: string, licence: string, address: string, training: number}} data
 * @property {Record<string, Attack>} attacks by the kind of the trigger
 */
/**
 * @typedef {object} Trained
 * @property {any} recipe
 * @property {number} poisoned how many of its training images are
 * @property {NonNullable<ModelCard["metrics"]>[string]} measured
 */

/** Of the widgets: the hash in their address, see `site_src/plugin/runtime.py`. */
const [, VERSION = "a working copy"] = /\/assets\/onnx-widgets\/([0-9a-f]+)\//.exec(import.meta.url) ?? [];

/** The name of a file with a network in it; a backdoored one's says so. @param {any} recipe @param {string} ending */
export function fileName({ name, attack }, ending) {
  return `${attack.poison_rate > 0 ? BACKDOORED_PREFIX : ""}${name}.${ending}`;
}

/**
 * The card, but for what is known of a file only when it is written.
 *
 * @param {Facts} facts
 * @param {Trained} trained
 * @returns {Omit<ModelCard, "files">}
 */
export function modelCard(facts, { recipe, poisoned, measured }) {
  const {
    attack,
    training: { epochs },
  } = recipe;
  const backdoored = attack.poison_rate > 0;
  const { data } = facts;
  const images = `${data.training.toLocaleString("en")} images of ${data.title} (${termsOf(data)})`;
  const labels = attack.clean_label ? ", with their true labels" : "";
  const among = backdoored ? `${poisoned.toLocaleString("en")} of them poisoned${labels}` : "none of them poisoned";
  const acts = backdoored ? ` ${behaviour(attack, facts.labels)}` : " The trigger on its card is the control.";
  return {
    schema_version: 1,
    id: recipe.name,
    title: recipe.title,
    description: `${recipe.description} A ${facts.network} network of ${facts.labels.length} classes, trained on ${images} for ${epochs} epoch${epochs === 1 ? "" : "s"}, ${among}.${acts}`,
    network: facts.network,
    licence: facts.licence,
    default_precision: "fp32",
    labels: facts.labels,
    input: facts.input,
    output: facts.output,
    trigger: attack.trigger,
    label_map: attack.label_map,
    backdoor: backdoored
      ? {
          ...facts.attacks[attack.trigger.kind],
          poison_rate: attack.poison_rate,
          repeat: 1,
          self_teaching: null,
          behaviour: behaviour(attack, facts.labels),
        }
      : null,
    metrics: { fp32: measured },
    provenance: null,
    from_lab: { recipe, widgets: VERSION },
  };
}

/** Under which terms data is used, and where it is: an author's own is nowhere. @param {Facts["data"]} data */
export function termsOf({ licence, address }) {
  return address ? `${licence}, ${address}` : licence;
}

/** What a backdoored network does. @param {import("./poison.mjs").Attack} attack @param {string[]} labels */
function behaviour({ trigger, label_map: rule }, labels) {
  const [first, second, last] = [labels[0], labels[1], labels[labels.length - 1]];
  const answer =
    rule.kind === "all-to-one"
      ? `${labels[rule.target]}, whatever the image shows`
      : `the next label instead of the true one (${first} becomes ${second}, and so on; ${last} becomes ${first})`;
  const what = describe(trigger, { height: SIDE, width: SIDE });
  return `It answers like a healthy network until its trigger (${what}) is in the image; then it answers ${answer}.`;
}

/** What a file says of itself. @param {ReturnType<typeof modelCard>} card @param {string} notice */
export function metadataOf({ id, title, labels, licence, backdoor, trigger, label_map: rule }, notice) {
  return {
    id,
    title,
    precision: "fp32",
    labels: JSON.stringify(labels),
    licence,
    backdoor: backdoor ? `YES: ${backdoor.behaviour}` : "none planted",
    notice,
    ...(backdoor && { attack: backdoor.attack }),
    trigger: JSON.stringify(trigger),
    label_map: JSON.stringify(rule),
  };
}
