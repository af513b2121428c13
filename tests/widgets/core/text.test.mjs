import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { printable } from "../../../site_assets/widgets/core/text.mjs";
import { ROOT } from "../../browser/harness/server.mjs";

/** As Python writes each of the texts. */
const PYTHON = `
import json, sys
from training.core.text import printable
print(json.dumps([printable(text) for text in json.load(sys.stdin)]))`;

test("text is made safe as Python makes it", () => {
  const texts = [
    "\x1b[31mred",
    "\u202egnp.exe",
    "a\nb\t\r",
    "\0",
    "\u{e0001}",
    "\u2028",
    "\xad",
    "\x7f",
    "\ud800",
    "\ufeff",
  ];
  const innocent = ["naïve é 三", "می\u200cخواهم", "👩\u200d🚀", " two  spaces ", "\\x1b"];
  const answer = execFileSync(join(ROOT, ".venv/bin/python"), ["-c", PYTHON], {
    cwd: ROOT,
    input: JSON.stringify([...texts, ...innocent]),
    encoding: "utf8",
  });
  assert.deepEqual([...texts, ...innocent].map(printable), JSON.parse(answer));
  assert.deepEqual(innocent.map(printable), innocent);
});
