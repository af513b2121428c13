/** One of the four networks: its tests, and what they found. */

import { PRICES } from "../../lab/game.mjs";
import { button, h } from "../../parts/dom.mjs";
import { TESTS } from "./tests.mjs";

/** @typedef {import("./tests.mjs").Name} Name */

/**
 * @param {string} name of the network
 * @param {(test: Name) => void} onTest
 */
export function suspect(name, onTest) {
  const heading = h("h3", {}, `Network ${name}`);
  const buttons = /** @type {Name[]} */ (Object.keys(TESTS)).map((test) => {
    const made = button("", () => {
      if (made.getAttribute("aria-disabled") !== "true") onTest(test);
    });
    const shown = h("span", {});
    made.append(shown, h("span", { class: "ow-sr" }, ` network ${name}`));
    return { test, made, shown };
  });
  const found = Object.fromEntries(
    buttons.map(({ test }) => [
      test,
      { stage: h("div", { class: "bl-stage" }), says: h("p", { class: "bl-verdict" }) },
    ]),
  );
  const element = h(
    "section",
    { class: "bg-suspect", "aria-label": `Network ${name}` },
    heading,
    h("div", { class: "bl-row" }, ...buttons.map(({ made }) => made)),
    ...buttons.flatMap(({ test }) => [found[test].stage, found[test].says]),
  );
  return {
    element,
    /** @param {Name} test */
    stage: (test) => found[test].stage,
    /** @param {Name} test @param {string} sentence */
    say(test, sentence) {
      found[test].says.textContent = sentence;
    },
    clear() {
      for (const { stage, says } of Object.values(found)) {
        stage.replaceChildren();
        says.textContent = "";
      }
    },
    /**
     * @param {(test: Name) => boolean} canRun
     * @param {Name | null} running
     */
    show(canRun, running) {
      for (const { test, made, shown } of buttons) {
        const words = test === running ? "Stop" : `${TESTS[test].verb} · ${PRICES[test]}`;
        if (shown.textContent !== words) shown.textContent = words;
        made.setAttribute("aria-disabled", String(test !== running && !canRun(test)));
      }
    },
  };
}
