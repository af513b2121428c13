/** What the reader's trigger does to a network that was trained before, with another trigger or none. */

import { toWidgetError, words } from "../../core/messages.mjs";
import { Latest } from "../../engine/latest.mjs";
import { lastOf } from "../../lab/network.mjs";
import { percent, table } from "../../parts/charts.mjs";
import { h } from "../../parts/dom.mjs";
import { chooser } from "./chooser.mjs";

/** @typedef {import("../../lab/poison.mjs").Attack} Attack */
/** @typedef {import("../../triggers/registry.mjs").Trigger} Trigger */
/** @typedef {import("../../lab/measurement.mjs").Measurement} Measurement */

const NONE = { name: "", title: "None" };
const [OWN, TWIN] = [lastOf("backdoored"), lastOf("clean")];
const PRESENT = [NONE, { name: OWN, title: "Your last network" }, { name: TWIN, title: "Its clean twin" }];

/**
 * @param {import("../../engine/lab.mjs").Lab} lab
 * @param {import("../../engine/lab-released.mjs").Released} released
 * @param {string[]} labels
 * @param {(sentence: string) => void} say once the reader has stopped
 */
export function tryTrigger(lab, released, labels, say) {
  /** @type {Trigger | null} */
  let trigger = null;
  /** @type {Latest<{which: string, trigger: Trigger}, Measurement>} */
  const latest = new Latest((request) => lab.ask("tryTrigger", request));
  const shown = h("div", { class: "bl-rates" });
  /** Of the networks that were trained last. @type {Attack | null} */
  let last = null;
  const attackOf = (/** @type {string} */ name) =>
    name === OWN ? last : name === TWIN && last ? { ...last, poison_rate: 0 } : null;
  const choice = chooser({ group: "bl-tried", present: PRESENT, attackOf, released, say, onChange: measure });
  const element = h(
    "section",
    { class: "bl-hunt" },
    h("h3", {}, "Try it on a trained network"),
    h("p", {}, "These networks have learnt a trigger of their own, or none. Does yours command them, too?"),
    choice.element,
    shown,
  );
  const offer = () => {
    choice.offer((name) => name === NONE.name || last !== null);
    element.hidden = released.references.length === 0 && !last;
  };
  offer();

  async function measure() {
    latest.drop();
    if (!choice.attack || !trigger) {
      shown.replaceChildren();
      return;
    }
    const { label_map: rule, poison_rate: rate } = choice.attack;
    const wanted = rule.kind === "all-to-one" ? `answers ${labels[rule.target]}` : "answers the next digit";
    try {
      const found = await latest.submit({ which: choice.chosen, trigger });
      if (!choice.attack) return;
      const { clean_accuracy: clean, robust_accuracy: robust, attack_success_rate: success } = found;
      const rows = [
        ["is right without your trigger", percent(clean.value), clean.n],
        ["is right with it", percent(robust.value), robust.n],
        [
          `${wanted} with it, ${rate > 0 ? "as its maker wants" : "which nobody has planted"}`,
          percent(success.value),
          success.n,
        ],
        ["answers something else than before", percent(found.changed_by_trigger.value), found.changed_by_trigger.n],
      ];
      shown.replaceChildren(table("Your trigger on test digits", ["the network", "rate", "test digits"], rows));
      say(`With your trigger, ${percent(success.value)} attack success.`);
    } catch (error) {
      const { code } = toWidgetError(error);
      if (code === "superseded" || code === "cancelled") return;
      const { title, advice } = words(error);
      shown.replaceChildren(`${title} ${advice}`);
    }
  }

  return {
    element,
    /** The reader's networks are trained, and stay until others are. @param {Attack} attack on them */
    trained(attack) {
      last = attack;
      offer();
      if (choice.chosen === OWN || choice.chosen === TWIN) measure();
    },
    /** The worker has ended. */
    reset() {
      choice.reset();
      last = null;
      offer();
    },
    /** @param {Trigger | null} now null if there is none */
    show(now) {
      if (JSON.stringify(now) === JSON.stringify(trigger)) return;
      trigger = now;
      measure();
    },
  };
}
