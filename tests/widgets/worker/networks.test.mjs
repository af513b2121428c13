import assert from "node:assert/strict";
import { test } from "node:test";
import { Networks } from "../../../site_assets/widgets/worker/networks.mjs";

/** @param {string} title @param {string} [tensor] */
const card = (title, tensor = "image") => ({
  title,
  labels: ["a", "b"],
  input: { tensor, height: 8, width: 8, channels: 1, steps: [] },
  output: { tensor: "logits" },
});
const file = { name: "network.onnx", sha256: "a" };

/** What is started, and counted: as many sessions as files. */
function starter() {
  const started = { count: 0 };
  const start = async () => ({
    number: ++started.count,
    inputMetadata: [{ name: "image", isTensor: true, type: "float32", shape: ["n", 8, 8, 1] }],
    outputMetadata: [{ name: "logits", isTensor: true, type: "float32", shape: ["n", 2] }],
  });
  return { started, start: /** @type {any} */ (start) };
}

/** @param {string} key @param {unknown} card @param {unknown} file @returns {any} */
const model = (key, card, file) => ({ key, card, file, url: "" });

test("cards that name the same file share its session, and each keeps its own labels", async () => {
  const { started, start } = starter();
  const networks = new Networks();
  await networks.add(model("one", card("one"), file), start);
  await networks.add(model("two", card("two"), file), start);
  assert.deepEqual(
    ["one", "two", "three"].map((key) => networks.get(key)?.card.title),
    ["one", "two", undefined],
  );
  assert.equal(started.count, 1);
  await networks.add(model("three", card("three"), { ...file, shared: { sha256: "layers" } }), start);
  assert.equal(started.count, 2, "with other layers it is another network");
});

test("a second card that does not fit the file is refused, though its session is open", async () => {
  const { start } = starter();
  const networks = new Networks();
  await networks.add(model("one", card("one"), file), start);
  await assert.rejects(networks.add(model("two", card("two", "pixels"), file), start), { code: "unfit" });
  assert.deepEqual([networks.has("one"), networks.has("two")], [true, false]);
});

test("a file with an appendix is another session, whose added input is no image", async () => {
  const { started, start } = starter();
  const added = { name: "inside.keep", isTensor: true, type: "float32", shape: [1, 2, 1, 1] };
  const withInput = async () => {
    const session = await start();
    return { ...session, inputMetadata: [...session.inputMetadata, added] };
  };
  const inside = { view: "channels", keep: "inside.keep", appendix: { sha256: "appendix" } };
  const networks = new Networks();
  await networks.add(model("plain", card("one"), file), start);
  await networks.add(model("inside", card("one"), { ...file, inside }), withInput);
  assert.equal(started.count, 2);
  assert.deepEqual([networks.get("plain")?.inside, networks.get("inside")?.inside], [null, inside]);
  const other = { ...inside, keep: "another", appendix: { sha256: "another" } };
  await assert.rejects(networks.add(model("other", card("one"), { ...file, inside: other }), withInput), {
    code: "unfit",
  });
});
