/** The fifth step: five defences, on the network that the reader has just made or on its clean twin. */

import { words } from "../../core/messages.mjs";
import { LARGEST_FRACTION, LEAST_SILHOUETTE } from "../../lab/clusters.mjs";
import { AREA } from "../../lab/digits.mjs";
import { stamped } from "../../lab/poison.mjs";
import { anomalyIndices, SUSPICIOUS } from "../../lab/search.mjs";
import { auroc, boundary, INPUTS, OVERLAYS } from "../../lab/strip.mjs";
import { h } from "../../parts/dom.mjs";
import { histogram, lineChart, percent, scatter, table } from "./charts.mjs";
import { digit, put } from "./pixels.mjs";
import { button } from "./training-step.mjs";

/** @typedef {import("./setup-steps.mjs").Material} Material */
/** @typedef {import("../../lab/experiment.mjs").Which} Which */
/** @typedef {import("../../lab/search.mjs").Found} Found */
/** @typedef {{which: Which, recipe: any, signal: AbortSignal, stage: HTMLElement}} Case what a defence is run on, and where it shows itself */
/** @typedef {{verdict: string, numbers: unknown}} Told */
/** @typedef {{title: string, idea: string, verb: string, run: (lab: import("../../engine/lab.mjs").Lab, material: Material, of: Case) => Promise<Told>}} Hunt */

/** Clean accuracy that pruning may cost, as in Python. */
const MOST_LOST = 0.04;
/** Whether an attack counts as gone. */
const GONE = 0.1;

/** Whether there is anything to find. @param {Case} of */
const planted = ({ which, recipe }) => which === "backdoored" && recipe.attack.poison_rate > 0;

/** @type {Record<string, Hunt>} */
const HUNTS = {
  search: {
    title: "Search for the trigger",
    idea: "For each class, search for the smallest mark that turns every digit into it (Neural Cleanse). A class that needs far less than the others is suspicious.",
    verb: "Search",
    async run(lab, { card, data }, of) {
      const black = new Uint8Array(AREA);
      const cells = card.labels.map((label) => {
        const canvas = digit(black, "");
        const words = h("figcaption", {}, label);
        return { canvas, words, element: h("figure", {}, canvas, words) };
      });
      const { trigger } = of.recipe.attack;
      const own = h("figure", { class: "bl-true" }, digit(stamped(black, trigger), ""), h("figcaption", {}, "yours"));
      of.stage.append(h("div", { class: "bl-masks" }, ...cells.map(({ element }) => element), own));
      /** @type {Found[]} */
      const found = [];
      await lab.ask(
        "search",
        { which: of.which },
        {
          signal: of.signal,
          onProgress: (/** @type {Found} */ now) => {
            found[now.target] = now;
            if (now.round % 4 !== 0 && !now.done) return;
            const { canvas, words } = cells[now.target];
            put(canvas, masked(now.trigger));
            words.textContent = `${card.labels[now.target]}: ${now.size.toFixed(0)} px`;
          },
        },
      );
      const sizes = found.map(({ size }) => size);
      const indices = anomalyIndices(sizes);
      const suspects = [...indices.keys()].filter((label) => indices[label] > SUSPICIOUS);
      for (const label of suspects) cells[label].element.classList.add("bl-suspect");
      const rows = found.map((one, label) => [
        card.labels[label],
        one.size.toFixed(1),
        percent(one.success),
        indices[label].toFixed(1),
      ]);
      of.stage.append(numbers(table("Smallest triggers", ["class", "pixels", "turned", "anomaly index"], rows)));
      const { label_map: rule } = of.recipe.attack;
      const targets = rule.kind === "all-to-one" ? [rule.target] : [...card.labels.keys()];
      const said = suspects.length > 0 ? `It suspects class ${named(suspects, card.labels)}` : "No class is suspected";
      const verdict = accusation(planted(of) ? targets : [], suspects, card.labels);
      return {
        verdict: `${said} (an anomaly index above ${SUSPICIOUS}, from ${data.validation.labels.length} clean images). ${verdict}`,
        numbers: { sizes, success: found.map(({ success }) => success), indices },
      };
    },
  },
  strip: {
    title: "Lay images over the input",
    idea: `Lay ${OVERLAYS} clean digits over each input, one at a time (STRIP). Answers to a clean input vary, which is a high entropy; a trigger keeps them the same.`,
    verb: "Lay over",
    async run(lab, { card }, of) {
      /** @type {Record<import("../../lab/strip.mjs").Kind, number[]>} */
      const seen = { own: [], clean: [], triggered: [] };
      const end = Math.log2(card.labels.length);
      const draw = (/** @type {number | null} */ bound) => {
        const chart = histogram(
          "Entropy of the answers to an input under overlays",
          "bits",
          Number(end.toFixed(1)),
          [
            { name: "clean inputs", kind: "clean", values: seen.clean },
            { name: "inputs with the trigger", kind: "bad", values: seen.triggered },
          ],
          bound,
        );
        of.stage.replaceChildren(chart);
      };
      await lab.ask(
        "strip",
        { which: of.which },
        {
          signal: of.signal,
          onProgress: (/** @type {import("../../lab/strip.mjs").Judged} */ { kind, entropy }) => {
            seen[kind].push(entropy);
            if (seen[kind].length % 10 === 0) draw(null);
          },
        },
      );
      const bound = boundary(seen.own);
      draw(bound);
      const below = (/** @type {number[]} */ values) => values.filter((value) => value < bound).length;
      const [caught, wrongly] = [below(seen.triggered), below(seen.clean)];
      const score = auroc(seen.triggered, seen.clean);
      const shares = `Below its limit of ${bound.toFixed(2)} bits, where 1 % of clean inputs should lie: ${caught} of ${Math.min(INPUTS, seen.triggered.length)} inputs with the trigger, ${wrongly} of ${seen.clean.length} clean ones. AUROC ${score.toFixed(2)}.`;
      return {
        verdict: `${shares} ${judged(planted(of) ? score > 0.9 : score < 0.7, planted(of))}`,
        numbers: { bound, caught, wrongly, auroc: score },
      };
    },
  },
  clusters: {
    title: "Cluster the training images",
    idea: "Look at what the network makes of the training images of one label (activation clustering). Poisoned ones got there for another reason, and lie apart.",
    verb: "Cluster",
    async run(lab, { card }, of) {
      const found = await lab.ask("clusters", { which: of.which }, { signal: of.signal });
      const suspects = found.filter(
        ({ fraction, silhouette }) => fraction < LARGEST_FRACTION && silhouette > LEAST_SILHOUETTE,
      );
      const reveal = h("input", { type: "checkbox" });
      const plots = h("div", { class: "bl-scatters" });
      const draw = () => {
        plots.replaceChildren(
          ...found.map(({ label, points, second, fraction, poisoned }) => {
            const bad = poisoned.map((is) => is && reveal.checked);
            const name = card.labels[label];
            const title = `Training images with the label ${name}, by their features; ${percent(fraction)} in the smaller cluster`;
            const words = h("figcaption", {}, `${name}: ${percent(fraction)} apart`);
            return h(
              "figure",
              { class: suspects.some((one) => one.label === label) ? "bl-suspect" : null },
              scatter(title, points, bad, second),
              words,
            );
          }),
        );
      };
      reveal.addEventListener("change", draw);
      draw();
      const rows = found.map(({ label, fraction, silhouette, poisoned, second }) => [
        card.labels[label],
        percent(fraction),
        silhouette.toFixed(2),
        poisoned.filter(Boolean).length,
        second.filter((is, i) => is && poisoned[i]).length,
      ]);
      of.stage.append(
        h("label", { class: "bl-check" }, reveal, "Show which images are poisoned"),
        plots,
        numbers(
          table("Two clusters a label", ["label", "smaller cluster", "silhouette", "poisoned", "of them in it"], rows),
        ),
      );
      const poisonedIn = found.filter(({ poisoned }) => poisoned.some(Boolean)).map(({ label }) => label);
      const accused = suspects.map(({ label }) => label);
      return {
        verdict: `${accused.length > 0 ? `It suspects the smaller cluster of label ${named(accused, card.labels)}` : "No cluster is suspected"}. ${accusation(poisonedIn, accused, card.labels)}`,
        numbers: found.map(({ label, fraction, silhouette }) => ({ label, fraction, silhouette })),
      };
    },
  },
  prune: {
    title: "Prune what clean images do not use",
    idea: "Cut off the features that clean digits use least, one after the other (pruning). A backdoor may live in them.",
    verb: "Prune",
    async run(lab, _material, of) {
      const curve = await lab.ask("prune", { which: of.which }, { signal: of.signal });
      const most = curve.length - 1;
      const allowed = curve[0].clean - MOST_LOST;
      let cut = curve.findIndex(({ clean }) => clean < allowed) - 1;
      if (cut < 0) cut = most;
      const slider = h("input", { type: "range", min: 0, max: most, step: 1, value: cut });
      slider.value = String(cut);
      const told = h("output", {});
      const show = () => {
        const { clean, success } = curve[Number(slider.value)];
        told.value = `${slider.value} of ${most}: clean accuracy ${percent(clean)}, attack success ${percent(success)}`;
        slider.setAttribute("aria-valuetext", told.value);
      };
      slider.addEventListener("input", show);
      show();
      const points = (/** @type {"clean" | "success"} */ what) => curve.map((one) => ({ x: one.cut, y: one[what] }));
      of.stage.append(
        lineChart("Pruning", "features cut off", most, [
          { name: "attack success", kind: "bad", points: points("success") },
          { name: "clean accuracy", kind: "clean", points: points("clean") },
        ]),
        h("label", { class: "bl-slider" }, "Features cut off ", slider, told),
      );
      const { success, clean } = curve[cut];
      const said = `It may cost ${100 * MOST_LOST} points of clean accuracy: ${cut} of ${most} features can go. Clean accuracy is then ${percent(clean)}, attack success ${percent(success)}.`;
      return { verdict: `${said} ${cured(success, of)}`, numbers: { cut, clean, success } };
    },
  },
  tune: {
    title: "Fine-tune on clean images",
    idea: "Train on, with the clean images that you trust. What they do not need may be forgotten.",
    verb: "Fine-tune",
    async run(lab, { data }, of) {
      /** @type {import("../../lab/experiment.mjs").Epoch[]} */
      const epochs = [];
      await lab.ask(
        "tune",
        { which: of.which },
        {
          signal: of.signal,
          onProgress: (/** @type {import("../../lab/experiment.mjs").Epoch} */ epoch) => {
            epochs.push(epoch);
            const points = (/** @type {"clean" | "success"} */ what) =>
              epochs.map((one) => ({ x: one.epoch, y: one[what] }));
            of.stage.replaceChildren(
              lineChart("Fine-tuning", "epoch", 20, [
                { name: "attack success", kind: "bad", points: points("success") },
                { name: "clean accuracy", kind: "clean", points: points("clean") },
              ]),
            );
          },
        },
      );
      const { clean, success } = /** @type {import("../../lab/experiment.mjs").Epoch} */ (epochs.at(-1));
      const said = `With ${data.validation.labels.length} clean images: clean accuracy ${percent(clean)}, attack success ${percent(success)}.`;
      return { verdict: `${said} ${cured(success, of)}`, numbers: { clean, success } };
    },
  },
};

/** @param {boolean} right @param {boolean} there */
function judged(right, there) {
  if (right) return there ? "Right: there is a backdoor." : "Right: there is none.";
  return there ? "Wrong: there is a backdoor, and this did not find it." : "Wrong: there is none.";
}

/** @param {number[]} which @param {string[]} labels */
function named(which, labels) {
  return which.map((label) => labels[label]).join(", ");
}

/**
 * Whether the classes that a defence suspects are those that it should.
 *
 * @param {number[]} guilty
 * @param {number[]} suspects
 * @param {string[]} labels
 */
function accusation(guilty, suspects, labels) {
  const wrongly = suspects.filter((label) => !guilty.includes(label));
  const found = suspects.some((label) => guilty.includes(label));
  if (guilty.length > 0 && !found) return judged(false, true);
  if (wrongly.length === 0) return judged(true, found);
  return found ? `Right, but ${named(wrongly, labels)} wrongly.` : judged(false, false);
}

/** @param {number} success @param {Case} of */
function cured(success, of) {
  if (!planted(of)) return "There was no backdoor to remove.";
  return success < GONE ? "The backdoor is gone." : "The backdoor is still there.";
}

/** @param {HTMLTableElement} content */
function numbers(content) {
  return h("details", {}, h("summary", {}, "The numbers"), h("div", { class: "bl-scroll", tabindex: 0 }, content));
}

/** What a found trigger writes, on black: pattern times mask. @param {Float32Array} trigger */
function masked(trigger) {
  return Uint8ClampedArray.from({ length: AREA }, (_, i) => 255 * trigger[i] * Math.max(0.25, trigger[AREA + i]));
}

/**
 * @param {Material} material
 * @param {import("../../engine/lab.mjs").Lab} lab
 * @param {{recipe: () => any, say: (sentence: string) => void}} around the recipe of the trained networks; announcements
 */
export function catchPanel(material, lab, { recipe, say }) {
  /** @type {Record<string, Record<string, unknown>>} */
  const results = { backdoored: {}, clean: {} };
  /** @type {AbortController | null} */
  let running = null;
  /** @type {Which} */
  let which = "backdoored";
  const choices = /** @type {Which[]} */ (["backdoored", "clean"]).map((value) => {
    const input = h("input", { type: "radio", name: "bl-which", value });
    input.checked = value === which;
    input.addEventListener("change", () => {
      which = value;
      clear();
    });
    return h("label", { class: "bl-check" }, input, value === "clean" ? "Its clean twin" : "Your network");
  });
  const wait = h(
    "p",
    { class: "bl-problem" },
    "The networks are still learning. The defences wait until they are done.",
  );
  const sections = Object.entries(HUNTS).map(([name, hunt]) => {
    const stage = h("div", { class: "bl-stage" });
    const verdict = h("p", { class: "bl-verdict" });
    const go = button(hunt.verb, () => (go.dataset.running ? running?.abort() : run()));
    async function run() {
      running?.abort();
      const mine = new AbortController();
      running = mine;
      stage.replaceChildren();
      verdict.textContent = "";
      go.dataset.running = "yes";
      go.textContent = "Stop";
      const on = which;
      try {
        const told = await hunt.run(lab, material, { which: on, recipe: recipe(), signal: mine.signal, stage });
        results[on][name] = told.numbers;
        verdict.textContent = told.verdict;
        say(`${hunt.title}: ${told.verdict}`);
      } catch (error) {
        const { title, advice } = words(error);
        verdict.textContent = mine.signal.aborted ? "Stopped." : `${title} ${advice}`;
      } finally {
        delete go.dataset.running;
        go.textContent = hunt.verb;
      }
    }
    return {
      go,
      stage,
      verdict,
      element: h("section", { class: "bl-hunt" }, h("h3", {}, hunt.title), h("p", {}, hunt.idea), go, stage, verdict),
    };
  });
  function clear() {
    running?.abort();
    for (const { stage, verdict } of sections) {
      stage.replaceChildren();
      verdict.textContent = "";
    }
  }
  const element = h(
    "div",
    {},
    h(
      "p",
      {},
      "Now you are the owner. You have the network and some clean images, and do not know what was done to it. Try each defence on the twin as well: one that accuses it, too, says little.",
    ),
    h("div", { class: "bl-row", role: "radiogroup", "aria-label": "Network" }, ...choices),
    wait,
    ...sections.map((section) => section.element),
  );
  return {
    element,
    results,
    /** @param {boolean} ready whether the networks are trained */
    show(ready) {
      wait.hidden = ready;
      for (const { go } of sections) go.disabled = !ready;
    },
    /** Another training begins: what was found is of no network any more. */
    forget() {
      clear();
      results.backdoored = {};
      results.clean = {};
    },
  };
}
