/** The part of JSON Schema that the card's schema uses, and two words of its own for what JSON Schema cannot say. */

/**
 * @typedef {Record<string, any>} Schema
 * @typedef {(limit: any, value: any, root: Schema, schema: Schema) => string | null} Rule the first fault, as
 *   `.input.height: 0 is less than 1`
 */

/** @type {Record<string, (value: any) => boolean>} */
const TYPES = {
  null: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  string: (value) => typeof value === "string",
  number: Number.isFinite,
  integer: Number.isInteger,
  array: Array.isArray,
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
};

/** @param {any} value */
const shown = (value) => (JSON.stringify(value) ?? "nothing").slice(0, 60);

/**
 * @param {(value: any, limit: any) => boolean} holds
 * @param {string} otherwise
 * @returns {Rule}
 */
const bound = (holds, otherwise) => (limit, value) =>
  holds(value, limit) ? null : `: ${shown(value)} ${otherwise} ${limit}`;

/** @param {(value: any) => number} length @param {(found: number, limit: number) => boolean} holds @returns {Rule} */
const counted = (length, holds) => (limit, value) => {
  const found = length(value);
  return holds(found, limit) ? null : `: it has ${found} parts, and ${limit} is the limit`;
};
/** @param {any} value */
const size = (value) => value?.length ?? 0;

/** @type {Record<string, Rule>} */
const RULES = {
  $ref: (to, value, root) => fault(root.$defs[to.split("/").pop()], value, root),
  type: (type, value) => (TYPES[type](value) ? null : `: ${shown(value)} is not of the type ${type}`),
  const: bound((value, only) => value === only, "is not"),
  enum: bound((value, allowed) => allowed.includes(value), "is none of"),
  minimum: bound((value, limit) => value >= limit, "is less than"),
  maximum: bound((value, limit) => value <= limit, "is more than"),
  exclusiveMinimum: bound((value, limit) => value > limit, "is not more than"),
  exclusiveMaximum: bound((value, limit) => value < limit, "is not less than"),
  pattern: bound((value, pattern) => new RegExp(pattern).test(value), "does not match"),
  maxLength: counted(
    (value) => [...value].length,
    (found, limit) => found <= limit,
  ),
  minItems: counted(size, (found, limit) => found >= limit),
  maxItems: counted(size, (found, limit) => found <= limit),
  items: (schema, value, root) => first(value, (each, at) => within(`.${at}`, fault(schema, each, root))),
  prefixItems: (schemas, value, root) =>
    first(schemas, (schema, at) => within(`.${at}`, fault(schema, value[at], root))),
  required: (names, value) =>
    first(names, (name) => (Object.hasOwn(value, name) ? null : `: it lacks the field ${name}`)),
  properties: (schemas, value, root) =>
    first(Object.keys(schemas), (name) =>
      Object.hasOwn(value, name) ? within(`.${name}`, fault(schemas[name], value[name], root)) : null,
    ),
  additionalProperties: (allowed, value, root, { properties = {} }) =>
    first(Object.keys(value), (name) =>
      Object.hasOwn(properties, name)
        ? null
        : allowed === false
          ? `: it has an unknown field ${shown(name)}`
          : within(`.${name}`, fault(allowed, value[name], root)),
    ),
  anyOf: (schemas, value, root) => {
    const faults = schemas.map((/** @type {Schema} */ schema) => fault(schema, value, root));
    return faults.includes(null) ? null : faults[0];
  },
  oneOf: (schemas, value, root, { discriminator: { propertyName, mapping } }) => {
    const kind = TYPES.object(value) ? value[propertyName] : undefined;
    if (!schemas.length || !Object.hasOwn(mapping, kind)) return `: ${shown(kind)} is no known ${propertyName}`;
    return fault({ $ref: mapping[kind] }, value, root);
  },
  discriminator: () => null,
  $defs: () => null,
  format: () => null,
  "x-most-taken": () => null, // Holds for the images that a step is given: `preprocess.mjs`.
  "x-most-pixels": (limit, { height, width }) =>
    height * width <= limit ? null : `: ${height} × ${width} is more than ${limit} pixels`,
  "x-most-alike": (limit, { steps }) =>
    first(steps, ({ op }) =>
      steps.filter((/** @type {any} */ step) => step.op === op).length <= limit
        ? null
        : `.steps: the step ${shown(op)} is used more than ${limit} times`,
    ),
};

/**
 * What is wrong with a value, by a schema: the place and the problem, as `.input.height: 0 is less than 1`.
 *
 * @param {Schema} schema
 * @param {any} value
 * @param {Schema} [root] the schema with the definitions
 * @returns {string | null} null where nothing is wrong
 * @throws {Error} for a word of the schema that is not known here
 */
export function fault(schema, value, root = schema) {
  // Its type first, because the other rules rely on it; what JSON Schema has no words for last.
  const words = Object.keys(schema).sort((one, other) => rank(one) - rank(other));
  return first(words, (word) => {
    if (!Object.hasOwn(RULES, word)) throw new Error(`the schema's word ${word} is not known`);
    return RULES[word](schema[word], value, root, schema);
  });
}

/** @param {string} word */
const rank = (word) => (word === "type" ? 0 : word === "required" ? 1 : word.startsWith("x-") ? 3 : 2);

/**
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T, at: number) => string | null} problem
 * @returns {string | null} of the first item that has one
 */
function first(items, problem) {
  for (const [at, item] of items.entries()) {
    const found = problem(item, at);
    if (found !== null) return found;
  }
  return null;
}

/** @param {string} place @param {string | null} found */
const within = (place, found) => (found === null ? null : `${place}${found}`);
