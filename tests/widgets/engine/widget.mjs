/** A widget's networks as an element has them, over a server, a worker and a browser that do what a test says. */

import { Backends } from "../../../site_assets/widgets/engine/backends.mjs";
import { Client } from "../../../site_assets/widgets/engine/client.mjs";
import { Loader } from "../../../site_assets/widgets/engine/loader.mjs";
import { Models } from "../../../site_assets/widgets/engine/models.mjs";
import { fakeBrowser, reference, serveCards, settled, workers } from "./fakes.mjs";

/** @type {import("../../../site_assets/widgets/worker/images.mjs").ImageSource} */
export const IMAGE = { kind: "pixels", image: { height: 1, width: 1, channels: 3, data: new Uint8Array(3) } };
/** @type {any} */
export const RESULT = { answers: [] };

/**
 * A widget as the loader sees it.
 *
 * @param {Client} client
 * @param {...string} ids of its networks
 */
export function widget(client, ...ids) {
  return insideWidget(client, null, ...ids);
}

/**
 * The same, with what is shown of the networks' insides.
 *
 * @param {Client} client
 * @param {import("../../../site_assets/widgets/core/inside.mjs").Inside[] | null} insides
 * @param {...string} ids
 */
export function insideWidget(client, insides, ...ids) {
  const references = ids.map(reference);
  const backends = new Backends(fakeBrowser());
  const models = new Models(references, client, "https://example.org/", backends, insides);
  /** @type {string[]} */
  const events = [];
  let last = "";
  const loader = new Loader(models, {
    onState: ({ name }) => {
      if (name !== last) events.push(name); // Progress comes many times.
      last = name;
    },
    onCards: () => events.push("cards"),
    onReady: () => events.push("answer"),
  });
  return { models, loader, events, backends };
}

/** @param {import("node:test").TestContext} context */
export function page(context) {
  const server = serveCards(context);
  const all = workers();
  return { server, all, client: new Client(all.start) };
}

/** @param {Loader} loader */
export const errorOf = ({ state }) => (state.name === "failed" ? /** @type {any} */ (state.error).code : null);

/**
 * The worker opens the networks that a load asks for.
 *
 * @param {{newest: import("./fakes.mjs").FakeWorker}} all
 * @param {Promise<unknown>} [load] in progress
 */
export async function opens(all, load) {
  await settled();
  all.newest.done("open");
  await load;
  await settled();
}

/** A widget whose network is open. @param {import("node:test").TestContext} context */
export async function openWidget(context) {
  const { all, client } = page(context);
  const shown = widget(client, "clean");
  await opens(all, shown.loader.arrive());
  return { all, ...shown };
}
