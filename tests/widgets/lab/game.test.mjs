import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { AREA, imageAt } from "../../../site_assets/widgets/lab/digits.mjs";
import {
  BUDGET,
  deal,
  MARKS,
  NAMES,
  PRICES,
  Purse,
  REWARD,
  readSeed,
  writeSeed,
} from "../../../site_assets/widgets/lab/game.mjs";
import { stamped } from "../../../site_assets/widgets/lab/poison.mjs";
import { unpackNetworks } from "../../../site_assets/widgets/lab/pool.mjs";
import { ASKED, INPUTS, ONE_IN, Suspects } from "../../../site_assets/widgets/lab/suspects.mjs";
import { CARD, openData, openGraphs } from "./open-lab.mjs";

const FOLDER = new URL("../../../site_assets/lab/", import.meta.url);
const GAME = JSON.parse(readFileSync(new URL("game.json", FOLDER), "utf8"));
const POOL = [false, false, false, false, false, true, true, true];

test("each place is guilty as often as none, no network is dealt twice, and a round is its seed’s", () => {
  const count = new Array(NAMES.length + 1).fill(0);
  for (let seed = 0; seed < 1000; seed++) {
    const { members, guilty } = deal(seed, POOL);
    assert.equal(new Set(members).size, NAMES.length);
    assert.deepEqual(
      members.map((at) => POOL[at]),
      NAMES.map((_, at) => at === guilty),
    );
    count[guilty ?? NAMES.length]++;
    assert.deepEqual(deal(seed, POOL), { members, guilty });
  }
  assert.ok(
    count.every((times) => times > 150 && times < 250),
    String(count),
  );
  const seen = new Set(Array.from({ length: 1000 }, (_, seed) => deal(seed, POOL).members).flat());
  assert.equal(seen.size, POOL.length);
});

test("tests cost until the budget is gone; each is sold once a network, a drawing as often as one can pay", () => {
  const purse = new Purse();
  purse.buy("search", 0);
  assert.ok(!purse.canBuy("search", 0) && purse.canBuy("search", 1));
  purse.buy("drawing", null);
  purse.buy("drawing", null);
  assert.equal(purse.left, BUDGET - PRICES.search - 2 * PRICES.drawing);
  purse.buy("search", 1);
  assert.equal(purse.left, 0);
  assert.throws(() => purse.buy("accuracy", 2), RangeError);
  purse.refund("search", 1);
  assert.ok(purse.canBuy("search", 1));
});

test("a right guess earns what is left beside its reward, a wrong one nothing; none is a guess", () => {
  const purse = new Purse();
  purse.buy("strip", 2);
  const points = REWARD + BUDGET - PRICES.strip;
  assert.deepEqual(purse.settle(2, 2), { right: true, points });
  assert.deepEqual(purse.settle(null, null), { right: true, points });
  assert.deepEqual(purse.settle(null, 0), { right: false, points: 0 });
  assert.deepEqual(purse.settle(0, null), { right: false, points: 0 });
});

test("the address holds the round beside what belongs to others; nonsense is no round", () => {
  assert.equal(writeSeed("?lab.rate=0.1", "game", 42), "?lab.rate=0.1&game.seed=42");
  assert.equal(readSeed("?lab.seed=1&game.seed=42", "game"), 42);
  for (const nonsense of ["", "?game.seed=", "?game.seed=-1", "?game.seed=1e3", "?game.seed=1000000"]) {
    assert.equal(readSeed(nonsense, "game"), null);
  }
});

test("a mark is a white square in a corner, and the first is none", () => {
  const sums = MARKS.map(({ trigger }) =>
    (trigger ? stamped(new Uint8Array(AREA), trigger) : new Uint8Array(AREA)).reduce((sum, each) => sum + each, 0),
  );
  assert.deepEqual(sums, [0, 2295, 2295, 2295, 2295]);
});

test("the networks of the file are Python’s: a clean and a backdoored one are as good as the card says", async () => {
  const packed = readFileSync(new URL(GAME.file.name, FOLDER));
  const values = await unpackNetworks(packed, CARD.parameters);
  assert.equal(values.length, GAME.networks.length);
  const chosen = [0, 8];
  const dealt = chosen.map((at) => ({ values: values[at], attack: GAME.networks[at].attack }));
  const data = await openData();
  const suspects = new Suspects(await openGraphs(), data, CARD.labels.length, async () => {}, dealt, 5);
  for (const [row, { clean, success }] of (await suspects.reveal()).entries()) {
    const { rounded } = GAME.networks[chosen[row]];
    assert.ok(Math.abs(clean - rounded.clean_accuracy) < 1.5 / data.test.labels.length);
    if (row === 0) assert.equal(success, null);
    else assert.ok(Math.abs(/** @type {number} */ (success) - rounded.attack_success_rate) < 0.005);
  }
  const accuracy = await suspects.accuracy(0);
  assert.ok(accuracy > 0.94 && Number.isInteger(Math.round(accuracy * ASKED * 1e9) / 1e9));

  const [honest, poisoned] = [suspects.inbox(0), suspects.inbox(1)];
  assert.equal(honest.length, INPUTS * AREA);
  const changed = Array.from({ length: INPUTS }, (_, at) => at).filter((at) =>
    imageAt(honest, at).some((value, i) => value !== imageAt(poisoned, at)[i]),
  );
  assert.equal(changed.length, INPUTS / ONE_IN);
  const { trigger, label_map: rule } = GAME.networks[8].attack;
  for (const at of changed) assert.deepEqual(imageAt(poisoned, at), stamped(imageAt(honest, at), trigger));

  const image = imageAt(poisoned, changed[0]);
  const [clean, turned] = await suspects.show(image);
  assert.equal(turned.label, rule.target);
  assert.notEqual(clean.label, rule.target);
  assert.ok(turned.probability > 0.5 && turned.probability <= 1);
});
