import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { orderProblem } from "../../../site_assets/widgets/core/order.mjs";

const orders = JSON.parse(readFileSync(new URL("../../export/card/orders.json", import.meta.url), "utf8"));

test("an order of steps is judged as in Python", () => {
  assert.ok(orders.some((/** @type {any} */ { problem }) => problem === null));
  for (const { problem, ...pipeline } of orders) {
    assert.equal(orderProblem({ height: 8, width: 8, ...pipeline }), problem, JSON.stringify(pipeline.steps));
  }
});
