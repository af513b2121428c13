import assert from "node:assert/strict";
import { test } from "node:test";
import { WidgetError } from "../../../site_assets/widgets/core/messages.mjs";
import { Released, readReferences } from "../../../site_assets/widgets/engine/lab-released.mjs";

const REFERENCE = {
  name: "mine",
  title: "Mine",
  card: "models/mine/card.json",
  bytes: 3,
  sha256: "a".repeat(64),
  precision: "fp32",
  weights: 9,
};

/** A lab that notes what it is asked, and answers once it may. */
function lab() {
  /** @type {any[]} */
  const asked = [];
  let fails = false;
  return {
    asked,
    fail: (/** @type {boolean} */ now) => {
      fails = now;
    },
    open: async () => /** @type {any} */ (null),
    ask: async (/** @type {string} */ type, /** @type {any} */ request) => {
      asked.push([type, request.name, request.card.url]);
      if (fails) throw new Error("no");
      return /** @type {any} */ ({ poison_rate: 0.1 });
    },
  };
}

const NEVER = new AbortController().signal;

test("a network is fetched once, again after a failure, and again for another worker", async () => {
  const fake = lab();
  const released = new Released(fake, [REFERENCE], "https://site.example/lab/");
  fake.fail(true);
  await assert.rejects(released.adopt("mine", NEVER));
  fake.fail(false);
  const both = [released.adopt("mine", NEVER), released.adopt("mine", NEVER)];
  assert.deepEqual(await Promise.all(both), [{ poison_rate: 0.1 }, { poison_rate: 0.1 }]);
  assert.deepEqual(fake.asked, Array(2).fill(["adopt", "mine", "https://site.example/lab/models/mine/card.json"]));
  released.forget();
  await released.adopt("mine", NEVER);
  assert.equal(fake.asked.length, 3);
  assert.equal(released.find("other"), null);
});

test("a network that one gives up is fetched for the other who waits for it", async () => {
  const fake = lab();
  const { ask } = fake;
  const given = new AbortController();
  fake.ask = () => {
    fake.ask = ask;
    const cancelled = () => new WidgetError("cancelled");
    return new Promise((_, reject) => given.signal.addEventListener("abort", () => reject(cancelled())));
  };
  const released = new Released(fake, [REFERENCE], "https://site.example/lab/");
  const [first, second] = [released.adopt("mine", given.signal), released.adopt("mine", NEVER)];
  await new Promise(setImmediate);
  given.abort();
  await assert.rejects(first, { code: "cancelled" });
  assert.deepEqual(await second, { poison_rate: 0.1 });
});

test("what a page offers is read from the attribute, and a card without its hash is refused", () => {
  assert.deepEqual(readReferences(null), []);
  assert.deepEqual(readReferences(JSON.stringify({ models: [REFERENCE] })), [REFERENCE]);
  for (const wrong of ["{", '{"models":3}', JSON.stringify({ models: [{ ...REFERENCE, sha256: "x" }] })])
    assert.throws(() => readReferences(wrong), { code: "config" });
});
