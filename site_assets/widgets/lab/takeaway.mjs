/**
 * The trained networks for a reader to keep: a ZIP archive with a folder for each, which `backdoors` and the site's plugin
 * take as it is.
 * @module
 */

import { sha256 } from "../core/sha256.mjs";
import { fileName, metadataOf, modelCard, termsOf } from "./model-card.mjs";
import { product } from "./network.mjs";
import { onnxFile } from "./onnx-file.mjs";
import { recipeFile } from "./setup.mjs";
import { zip } from "./zip.mjs";

/** @typedef {import("./model-card.mjs").Facts} Facts */
/** @typedef {import("./model-card.mjs").Trained & {values: Float32Array}} Network */
/** @typedef {Facts & {data: {name: string}, template: import("./onnx-file.mjs").Template, parameters: import("./network.mjs").Parameter[]}} LabCard */
/** @typedef {ReturnType<typeof modelCard>} About a network's card, but for its file */
/** @typedef {import("./zip.mjs").File} File */

/**
 * @param {LabCard} card
 * @param {Uint8Array} template unpacked
 * @param {Network[]} networks the reader's own, and its clean twin if it is backdoored
 * @param {string | null} own see `recipeFile`
 */
export async function takeaway(card, template, networks, own = null) {
  const each = networks.map((network) => ({ network, about: modelCard(card, network) }));
  const folders = await Promise.all(each.map(({ network, about }) => folder(card, template, network, about, own)));
  const readme = words(
    card,
    each.map(({ about }) => about),
    own,
  );
  return zip([{ name: "README.md", content: utf8(readme) }, ...folders.flat()]);
}

/** @param {LabCard} lab @param {Uint8Array} template @param {Network} network @param {About} about @param {string | null} own @returns {Promise<File[]>} */
async function folder(lab, template, { recipe, values }, about, own) {
  const sizes = lab.parameters.map(({ shape }) => product(shape));
  const content = onnxFile(template, lab.template, sizes, values, metadataOf(about, lab.notice));
  const file = {
    name: fileName(recipe, "fp32.onnx"),
    precision: "fp32",
    bytes: content.length,
    sha256: await sha256(content),
    opset: lab.template.opset,
    max_abs_error: 0, // Written from the weights themselves: there is no other file to differ from.
  };
  const card = `${JSON.stringify({ ...about, files: [file] }, null, 2)}\n`;
  return [
    { name: `${about.id}/card.json`, content: utf8(card) },
    { name: `${about.id}/${file.name}`, content },
    { name: `${about.id}/recipe.toml`, content: utf8(recipeFile(recipe, lab.data, own)) },
  ];
}

const utf8 = (/** @type {string} */ text) => new TextEncoder().encode(text);

/** @param {LabCard} lab @param {About[]} cards @param {string | null} own */
function words({ notice, licence, data }, cards, own) {
  const names = cards.map(({ id }) => id);
  const list = cards.map(({ id, backdoor, description }) => {
    const warning = backdoor ? " **It carries a backdoor: use it for study alone.**" : "";
    return `- \`${id}/\`:${warning} ${description}`;
  });
  return `# Trained in the lab

${list.join("\n")}

${notice}

Each folder has the network (ONNX), its card (what it carries, how it was measured, how an image becomes its input), and the
recipe that trains it again${own === null ? "" : "; its first lines say where the images are"}.

## In a page

Put the folders where your site’s plugin looks for models, and write

\`\`\`onnx-demo
models: [${names.toReversed().join(", ")}]
inputs: [draw, upload]
trigger: switch
\`\`\`

## In Python

    backdoors verify ${names.join(" ")}
    backdoors predict ${names[0]} digit.png --trigger
    backdoors defend ${names[0]} --with strip
    backdoors restore ${names[0]}
    backdoors train ${names[0]}/recipe.toml

\`restore\` makes a run of the network as it is, and prints the run’s folder: give that to \`defend\` for defences that look into a
network. \`train\` trains it again.

## Licences

The networks: ${licence}. The images that they learnt from: ${data.title}, ${termsOf(data)}.
`;
}
