/**
 * The card's JSON Schema as a module for the widgets, without what they do not look at.
 *
 *     npm run schema
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SCHEMA = fileURLToPath(new URL("card.schema.json", import.meta.url));
const HEAD = `/* Generated from export/card/card.schema.json by export/card/card-schema.mjs: change the schema, not this. */

/** @type {import("./json-schema.mjs").Schema} */
export const CARD =`;
/** Told to readers, or not at all; nothing is computed with them. */
const WORDS = new Set(["description", "network", "licence", "backdoor", "metrics", "provenance", "from_lab"]);
const NOTES = new Set(["title", "description", "default"]);

/**
 * @param {any} schema
 * @returns {any}
 */
function bare(schema) {
  if (Array.isArray(schema)) return schema.map(bare);
  if (typeof schema !== "object" || schema === null) return schema;
  const made = Object.entries(schema).filter(([key]) => !NOTES.has(key));
  return Object.fromEntries(made.map(([key, value]) => [key, key === "properties" ? properties(value) : bare(value)]));
}

/** @param {Record<string, any>} given */
const properties = (given) => Object.fromEntries(Object.entries(given).map(([name, value]) => [name, bare(value)]));

/** The names of the definitions that are still used. @param {any} schema */
function used(schema) {
  const found = new Set();
  const look = (/** @type {any} */ part) => {
    for (const [, name] of JSON.stringify(part).matchAll(/"#\/\$defs\/(\w+)"/g)) {
      if (found.has(name)) continue;
      found.add(name);
      look(schema.$defs[name]);
    }
  };
  look(schema.properties);
  return found;
}

/** @returns {string} */
export function cardSchema() {
  const schema = bare(JSON.parse(readFileSync(SCHEMA, "utf8")));
  for (const name of WORDS) schema.properties[name] = {};
  schema.required = schema.required.filter((/** @type {string} */ name) => !WORDS.has(name));
  const kept = used(schema);
  schema.$defs = Object.fromEntries(Object.entries(schema.$defs).filter(([name]) => kept.has(name)));
  return `${HEAD} ${JSON.stringify(schema)};\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(cardSchema());
