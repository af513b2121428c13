import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { cardTypes } from "../../../export/card/card-types.mjs";

const COMMITTED = new URL("../../../site_assets/widgets/core/card-types.d.ts", import.meta.url);

test("the committed types are those of the card's schema", async () => {
  const committed = readFileSync(COMMITTED, "utf8");
  assert.equal(committed, await cardTypes(), "generate them again: npm run types");
});
