/**
 * The types of a card for the widgets, made from its JSON Schema.
 *
 *     npm run types
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const SCHEMA = fileURLToPath(new URL("card.schema.json", import.meta.url));
const BANNER = `/* Generated from export/card/card.schema.json by export/card/card-types.mjs: change the schema, not this. */`;

/**
 * The schema of what Python writes, as the generator understands it: every field is present, also those that have a
 * default; a list is an array of any length, a tuple is in the words of an older JSON Schema; only definitions have a
 * title, because the title of a field would become a type of its own.
 *
 * @param {any} schema
 * @returns {any}
 */
function written(schema) {
  if (Array.isArray(schema)) return schema.map(written);
  if (typeof schema !== "object" || schema === null) return schema;
  const made = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, written(value)]));
  if (made.type === "array") {
    const { prefixItems, items, minItems, maxItems, ...rest } = made;
    return prefixItems ? { ...rest, items: prefixItems, minItems, maxItems } : { ...rest, items };
  }
  if (!made.properties) return made;
  const { title: _title, ...named } = made;
  const properties = Object.fromEntries(
    Object.entries(made.properties).map(([name, { title: _title, ...property }]) => [name, property]),
  );
  return { ...named, properties, required: Object.keys(properties) };
}

/** @returns {Promise<string>} */
export function cardTypes() {
  const schema = written(JSON.parse(readFileSync(SCHEMA, "utf8")));
  return compile(schema, "ModelCard", {
    bannerComment: BANNER,
    style: { printWidth: 120 },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(await cardTypes());
