/** Which network is looked at: one that is there, or a released one, which is fetched when the reader chooses it. */

import { formatBytes } from "../../core/card.mjs";
import { words } from "../../core/messages.mjs";
import { button, h, hide } from "../../parts/dom.mjs";

/** @typedef {import("../../lab/poison.mjs").Attack} Attack */
/** @typedef {import("../../engine/lab-released.mjs").Released} Released */
/** @typedef {{name: string, title: string}} Choice */

/**
 * @param {object} of
 * @param {string} of.group a name that no other choice of the page has
 * @param {Choice[]} of.present the first is chosen at first
 * @param {(name: string) => Attack | null} [of.attackOf] what was done to the training images of one that is present
 * @param {Released} of.released
 * @param {string} [of.note] what else to say of a released one
 * @param {(sentence: string) => void} of.say
 * @param {() => void} of.onChange another is chosen, or the chosen one has arrived
 */
export function chooser({ group, present, attackOf = () => null, released, note = "", say, onChange }) {
  let chosen = present[0].name;
  /** Of the chosen one, if it is released and here. @type {Attack | null} */
  let attack = null;
  let fetching = new AbortController();
  const told = h("p", { class: "bl-caption" });
  const again = button("Try again", () => choose(chosen));
  again.hidden = true;
  const inputs = [...present, ...released.references].map(({ name, title }) => {
    const input = h("input", { type: "radio", name: group, value: name });
    input.checked = name === chosen;
    input.addEventListener("change", () => choose(name));
    return { input, label: h("label", { class: "bl-check" }, input, title) };
  });
  const row = h(
    "div",
    { class: "bl-row", role: "radiogroup", "aria-label": "Network" },
    ...inputs.map(({ label }) => label),
  );

  /** @param {string} name */
  async function choose(name) {
    fetching.abort();
    fetching = new AbortController();
    const { signal } = fetching;
    chosen = name;
    attack = null;
    hide(again, inputs.find(({ input }) => input.checked)?.input ?? null);
    told.textContent = "";
    onChange();
    const reference = released.find(name);
    if (!reference) return;
    told.textContent = `Fetching ${reference.title}: ${formatBytes(reference.weights)}…`;
    try {
      const found = await released.adopt(name, signal);
      if (signal.aborted) return;
      attack = found;
      told.textContent = `${reference.title}: the released file’s own weights, asked about this lab’s digits, which are laid out as MNIST’s.${note}`;
      say(`${reference.title} is here.`);
    } catch (error) {
      if (signal.aborted) return;
      const { title, advice, retry } = words(error);
      told.textContent = `${title} ${advice}`;
      again.hidden = !retry;
      say(title);
    }
    onChange();
  }

  return {
    element: h("div", { class: "bl-chooser" }, row, told, again),
    get chosen() {
      return chosen;
    },
    /** Whether a released network is chosen. */
    get isReleased() {
      return released.find(chosen) !== null;
    },
    /** What was done to the chosen one's training images; null while it is not here. */
    get attack() {
      return released.find(chosen) ? attack : attackOf(chosen);
    },
    /** Show the choices of present networks that there are. @param {(name: string) => boolean} there */
    offer(there) {
      for (const { input, label } of inputs) label.hidden = !released.find(input.value) && !there(input.value);
    },
    /** The worker has ended, and the networks that it held. */
    reset() {
      if (!released.find(chosen) && !attackOf(chosen)) return;
      for (const { input } of inputs) input.checked = input.value === present[0].name;
      choose(present[0].name);
    },
  };
}
