/** What the page asks of the lab's worker in a game. The worker deals, so the page learns the truth when the reader guesses. */

import { fetchVerified } from "../../core/fetch.mjs";
import { WidgetError } from "../../core/messages.mjs";
import { deal } from "../../lab/game.mjs";
import { unpackNetworks } from "../../lab/pool.mjs";
import { Suspects } from "../../lab/suspects.mjs";
import { readyTrigger } from "../../triggers/registry.mjs";
import { Meter } from "../meter.mjs";
import { breathe, FOLDER, theBench } from "./bench.mjs";

/** @typedef {import("../../core/published.mjs").Published} Published */
/** @typedef {import("./tasks.mjs").Around} Around */
/** @typedef {import("../../lab/poison.mjs").Attack} Attack */
/** @typedef {{file: import("./bench.mjs").File, networks: {attack: Attack | null}[]}} GameCard */
/** @typedef {{card: GameCard, values: Float32Array[]}} Pool */

/** @type {Pool | null} */
let pool = null;
/** @type {{suspects: Suspects, guilty: number | null} | null} */
let round = null;

/** @param {Published} published @param {Around} around @returns {Promise<Pool>} */
async function openPool(published, { signal, onProgress }) {
  const { card: lab } = await theBench();
  const asked = { url: new URL("game.json", FOLDER).href, what: "the game’s card", ...published };
  /** @type {GameCard} */
  const card = JSON.parse(new TextDecoder().decode(await fetchVerified(asked, { signal })));
  const meter = new Meter(onProgress);
  const { name, ...file } = card.file;
  meter.expect(name, file.bytes);
  const from = { url: new URL(name, FOLDER).href, what: "the game’s networks", ...file };
  const packed = await fetchVerified(from, { signal, onProgress: meter.of(name) });
  return { card, values: await unpackNetworks(packed, lab.parameters) };
}

/** The round that is on. */
function theRound() {
  if (!round) throw new WidgetError("internal", { found: "a test was asked before the networks were dealt" });
  return round;
}

export const GAME = {
  /** Deal a round; the lab is open. @param {{card: Published, seed: number}} request @param {Around} around */
  async deal({ card: published, seed }, around) {
    pool ??= await openPool(published, around);
    const { networks } = pool.card;
    const { members, guilty } = deal(
      seed,
      networks.map(({ attack }) => attack !== null),
    );
    const dealt = members.map((at) => ({ ...networks[at], values: /** @type {Pool} */ (pool).values[at] }));
    await Promise.all(dealt.map(({ attack }) => readyTrigger(attack?.trigger)));
    const { card, data, graphs } = await theBench();
    round = { suspects: new Suspects(graphs, data, card.labels.length, breathe, dealt, seed), guilty };
    return { result: null };
  },

  /** @param {{which: number}} request */
  async accuracyOf({ which }) {
    return { result: await theRound().suspects.accuracy(which) };
  },

  /** @param {{image: Uint8Array}} request */
  async showAll({ image }) {
    return { result: await theRound().suspects.show(image) };
  },

  /** @param {{which: number}} request @param {Around} around */
  async searchIn({ which }, { signal, onProgress }) {
    return { result: await theRound().suspects.search(which, signal, onProgress) };
  },

  /** @param {{which: number}} request @param {Around} around */
  async stripIn({ which }, { signal, onProgress }) {
    return { result: await theRound().suspects.strip(which, signal, onProgress) };
  },

  /** Who it was. */
  async reveal() {
    const { suspects, guilty } = theRound();
    return { result: { guilty, networks: await suspects.reveal() } };
  },
};
