import assert from "node:assert/strict";
import { test } from "node:test";
import { following } from "../../../site_assets/widgets/core/abort.mjs";

test("the part ends with the whole, for the same reason", () => {
  const whole = new AbortController();
  const part = following(whole.signal);
  assert.equal(part.signal.aborted, false);
  whole.abort("no longer wanted");
  assert.equal(part.signal.aborted, true);
  assert.equal(part.signal.reason, "no longer wanted");
});

test("the part can end before the whole", () => {
  const whole = new AbortController();
  const part = following(whole.signal);
  part.abort();
  assert.equal(part.signal.reason.name, "AbortError");
  assert.equal(whole.signal.aborted, false);
});

test("a part of what has ended has ended", () => {
  assert.equal(following(AbortSignal.abort("too late")).signal.reason, "too late");
});
