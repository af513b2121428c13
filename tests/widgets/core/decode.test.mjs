import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { decodeImage, IMAGE_BYTES } from "../../../site_assets/widgets/core/decode.mjs";
import { ROOT } from "../../browser/harness/server.mjs";

test("an image's file may hold as many bytes as in Python, and a larger one is refused unread", async () => {
  const program = ["-c", "from training.core.reading import IMAGE_BYTES; print(IMAGE_BYTES)"];
  assert.equal(IMAGE_BYTES, Number(execFileSync(join(ROOT, ".venv/bin/python"), program, { cwd: ROOT })));
  const blob = /** @type {Blob} */ ({ size: IMAGE_BYTES + 1 });
  await assert.rejects(decodeImage(blob, { maxPixels: 1 }), { code: "huge" });
});
