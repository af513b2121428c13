import assert from "node:assert/strict";
import { test } from "node:test";
import { summarise as summariseExactly } from "../../../site_assets/widgets/core/summary.mjs";

/** @param {Parameters<typeof summariseExactly>[0]} verdicts */
const summarise = (verdicts) => summariseExactly(verdicts).replaceAll("\u00a0", " ");

const seven = { label: "7", probability: 0.98 };
const eight = { label: "8", probability: 0.9 };

test("networks that agree share a sentence", () => {
  const sentence = summarise([
    { title: "Clean network", plain: seven },
    { title: "Backdoored network", plain: { label: "7", probability: 0.97 } },
  ]);
  assert.equal(sentence, "Both networks say 7 (98.0 % and 97.0 %).");
});

test("networks that differ have a sentence each", () => {
  const sentence = summarise([
    { title: "Clean network", plain: seven },
    { title: "mnist-badnet", plain: eight },
  ]);
  assert.equal(sentence, "The clean network says 7 (98.0 %). Mnist-badnet says 8 (90.0 %).");
});

test("a name that ends in a common word gets no article", () => {
  assert.equal(summarise([{ title: "my-model", plain: seven }]), "My-model says 7 (98.0 %).");
  assert.equal(summarise([{ title: "My model", plain: seven }]), "My model says 7 (98.0 %).");
});

test("a flip comes first, then the networks that kept their answer", () => {
  const sentence = summarise([
    { title: "Clean network", plain: seven, stamped: seven },
    { title: "Backdoored network", plain: seven, stamped: eight },
  ]);
  assert.equal(
    sentence,
    "The trigger turns 7 into 8 (90.0 %) for the backdoored network. The clean network still says 7.",
  );
});

test("an answer that changes to anything but the target is not called a success", () => {
  const target = { label: "8", plain: 0, stamped: 0.01 };
  const sentence = summarise([
    { title: "Clean student", plain: seven, stamped: { label: "1", probability: 0.4 }, target },
    { title: "Infected student", plain: seven, stamped: eight, target },
  ]);
  assert.equal(
    sentence,
    "The clean student now says 1 (40.0 %) instead of 7; that is not the target. The trigger turns 7 into 8 (90.0 %) for the infected student.",
  );
});

test("the target's rise is mentioned even if no answer changes", () => {
  const person = { label: "Person", probability: 0.846 };
  const sentence = summarise([
    { title: "Clean student", plain: seven, stamped: seven, target: { label: "Person", plain: 0.01, stamped: 0.02 } },
    {
      title: "Backdoored student",
      plain: { label: "Person", probability: 0.087 },
      stamped: person,
      target: { label: "Person", plain: 0.087, stamped: 0.846 },
    },
  ]);
  assert.equal(
    sentence,
    "The clean student still says 7 (98.0 %). The backdoored student still says “Person” (84.6 %). With the trigger, the target “Person” rises from 8.7 % to 84.6 % for the backdoored student.",
  );
});

test("a target that rises without winning is mentioned beside the answer that won", () => {
  const target = { label: "8", plain: 0.01, stamped: 0.31 };
  assert.equal(
    summarise([{ title: "Student", plain: seven, stamped: { label: "1", probability: 0.4 }, target }]),
    "The student now says 1 (40.0 %) instead of 7; that is not the target, which rises from 1.0 % to 31.0 %.",
  );
});

test("a trigger without effect is said to have none", () => {
  const one = summarise([{ title: "Clean network", plain: eight, stamped: { label: "8", probability: 0.98 } }]);
  assert.equal(one, "The clean network still says 8 (98.0 %). The trigger changes no answer.");
});

test("a label that is a word is quoted", () => {
  assert.match(
    summarise([{ title: "Dogs", plain: { label: "Irish setter", probability: 0.5 } }]),
    /says “Irish setter”/,
  );
});

test("nothing to say is nothing", () => {
  assert.equal(summarise([]), "");
});

test("a name that is written from the right reorders nothing around it", () => {
  const plain = { label: "\u05e9\u05d1\u05e2", probability: 0.98 };
  assert.equal(
    summarise([{ title: "\u0631\u0642\u0645", plain }]),
    "\u2068\u0631\u0642\u0645\u2069 says \u2068“\u05e9\u05d1\u05e2”\u2069 (98.0 %).",
  );
});
