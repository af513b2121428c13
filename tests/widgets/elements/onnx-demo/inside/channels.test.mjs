import assert from "node:assert/strict";
import { test } from "node:test";
import { explanation } from "../../../../../site_assets/widgets/elements/onnx-demo/inside/channels.mjs";

/** @param {Partial<import("../../../../../site_assets/widgets/elements/onnx-demo/inside/channels.mjs").Answers>} some */
const answers = (some) => ({ plain: "7", stamped: "8", plainSilenced: "7", stampedSilenced: "8", ...some });

test("a trigger that changes no answer leaves nothing to explain", () => {
  assert.match(explanation(answers({ stamped: "7", stampedSilenced: "7" }), 30, "1, 2 and 3"), /changes no answer/);
});

test("before anything is silenced, the channels that the trigger moves most are named", () => {
  const sentence = explanation(answers({}), 0, "55, 44 and 25");
  assert.equal(sentence, "The trigger turns 7 into 8. Here it moves channels 55, 44 and 25 most.");
});

test("channels without which the answer is the same do not explain it", () => {
  assert.match(
    explanation(answers({}), 5, ""),
    /^Without these 5 the trigger still turns 7 into 8: not explained yet\.$/,
  );
});

test("channels without which the trigger has no effect carry the backdoor", () => {
  const sentence = explanation(answers({ stampedSilenced: "7" }), 30, "");
  assert.equal(sentence, "Without these 30 the network says 7 with the trigger too: they carry the backdoor here.");
});

test("one channel alone is spoken of as one", () => {
  const sentence = explanation(answers({ stampedSilenced: "7" }), 1, "");
  assert.equal(sentence, "Without it the network says 7 with the trigger too: it carries the backdoor here.");
});

test("what the silence does to the image itself is said as well", () => {
  const sentence = explanation(answers({ plainSilenced: "1", stampedSilenced: "1" }), 60, "");
  assert.equal(
    sentence,
    "Without these 60 the triggered image is neither 8 nor 7, but 1. But without the trigger it now says 1.",
  );
});
