/** What the networks run on, as a choice; and a sentence when a choice did not work. */

import { backendName, DEFAULT, decodeBackend, encodeBackend } from "../core/backend.mjs";
import { words } from "../core/messages.mjs";
import { h } from "./dom.mjs";

/** @param {import("../engine/backends.mjs").Backends} backends */
export function backendChoice(backends) {
  const select = h("select", { class: "ow-backend" });
  const label = h("label", { class: "ow-weights" }, h("span", {}, "Runs on"), select);
  const note = h("p", { class: "ow-note", role: "status" });

  function show() {
    const { options, chosen, failure } = backends;
    const now = encodeBackend(chosen);
    const values = options.map(encodeBackend);
    if (values.join() !== [...select.options].map(({ value }) => value).join()) {
      select.replaceChildren(...options.map((each, i) => h("option", { value: values[i] }, backendName(each))));
    }
    select.value = now;
    select.disabled = options.length < 2;
    const found = failure && words(failure.error).title;
    note.textContent = failure
      ? `${backendName(failure.backend)}: not here. ${found} The networks run on ${backendName(DEFAULT)}.`
      : "";
  }

  show();
  return {
    label,
    note,
    show,
    /** @param {AbortSignal} signal */
    listen(signal) {
      const choose = () => {
        const backend = decodeBackend(select.value);
        if (backend) backends.choose(backend);
      };
      select.addEventListener("change", choose, { signal });
      backends.addEventListener("change", show, { signal });
      // Only now is there a worker that can isolate the page.
      navigator.serviceWorker?.addEventListener("controllerchange", show, { signal });
      show();
    },
  };
}
