import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { ROOT } from "../browser/harness/server.mjs";

const WIDGETS = join(ROOT, "site_assets/widgets");

/** The modules that a module imports, as paths below `widgets/`. @param {string} module */
function importsOf(module) {
  const source = readFileSync(join(WIDGETS, module), "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
  const found = source.matchAll(/^import\s(?:[^;]*?\sfrom\s)?"([^"]+)"/gm);
  return [...found].map(([, path]) => relative(WIDGETS, join(WIDGETS, dirname(module), path)));
}

/** @param {string} entry */
function reachable(entry) {
  const seen = new Set([entry]);
  for (const module of seen) for (const next of importsOf(module)) seen.add(next);
  return seen;
}

/** Modules that a registry lists, one a line: that line is all a new kind needs. */
const KINDS = new Set(importsOf("triggers/registry.mjs"));

test("the worker imports every module it needs by itself, so that none waits for another", () => {
  const entry = "worker/worker.mjs";
  const needed = [...reachable(entry)].filter((module) => module !== entry && !KINDS.has(module)).sort();
  assert.deepEqual(importsOf(entry).sort(), needed);
});

test("nothing is imported from another site, or evaluated from text", () => {
  for (const file of readdirSync(WIDGETS, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".mjs"),
  )) {
    const source = readFileSync(join(WIDGETS, file), "utf8");
    assert.doesNotMatch(source, /(?:from|import)\s*\(?\s*["'](?:https?:)?\/\//, file);
    assert.doesNotMatch(source, /\beval\(|new Function\(|\.innerHTML|\bon[a-z]+=/, file);
  }
});

for (const room of ["core", "engine", "lab", "triggers", "worker"]) {
  test(`${room}/ knows no page: no document, no elements`, () => {
    for (const file of readdirSync(join(WIDGETS, room), { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".mjs")) continue;
      const source = readFileSync(join(WIDGETS, room, file), "utf8");
      assert.doesNotMatch(source, /\bdocument\.|\bHTMLElement\b|\bcustomElements\b/, file);
    }
  });
}
