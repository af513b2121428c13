/**
 * Keeps the site for reading without a network, once the first answer is there. A new version waits until the reader wants
 * it, since other tabs may still show the old one.
 */

import { scriptUrl } from "../core/trusted.mjs";
import { savesData } from "../parts/dom.mjs";

const ROOT = new URL("../../../../../", import.meta.url);
const PATIENCE_MS = 20_000;

const { serviceWorker } = navigator;
const version = document.querySelector("meta[name=site-version]")?.getAttribute("content") ?? "";

// Where the browser refuses (a private window, no network), the site works as before.
if (serviceWorker && window.isSecureContext) start().catch(() => {});

async function start() {
  let controlled = serviceWorker.controller !== null;
  // The first worker takes the page over as it is. A later one has another version: all tabs go with it.
  serviceWorker.addEventListener("controllerchange", () => {
    if (controlled) location.reload();
    controlled = true;
  });
  if (!controlled) {
    if (savesData()) return;
    await quiet();
  }
  const registration = await serviceWorker.register(scriptUrl(new URL("service-worker.js", ROOT)), {
    updateViaCache: "none",
  });
  // A worker takes a page over only if it is of the page's own version.
  serviceWorker.ready.then(({ active }) => active?.postMessage({ type: "claim", version }));
  if (registration.waiting) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const { installing } = registration;
    installing?.addEventListener("statechange", () => {
      if (installing.state === "installed" && controlled) offer(installing);
    });
  });
}

/** Until the page has what it came for: the networks, and what the reader sees. */
function quiet() {
  return new Promise((resolve) => {
    const look = () => {
      const waiting = document.querySelector("onnx-demo:not([data-answered])");
      if (!waiting || performance.now() > PATIENCE_MS) resolve(null);
      else setTimeout(look, 500);
    };
    if (document.readyState === "complete") look();
    else window.addEventListener("load", look, { once: true });
  });
}

/** @param {ServiceWorker} worker */
function offer(worker) {
  if (document.querySelector(".ow-update")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Reload";
  button.addEventListener("click", () => worker.postMessage({ type: "use" }));
  const note = document.createElement("p");
  note.className = "ow-update";
  note.setAttribute("role", "status");
  note.append("A new version of this site is ready. ", button);
  document.body.append(note);
}
