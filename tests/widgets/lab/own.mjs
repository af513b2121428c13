/**
 * An author's own lab as the tab trains it, for `tests/training/data/test_lab.py`: the recipe that a reader downloads, the
 * histories of both networks, and hashes of the images and labels of each split.
 */

import { sha256 } from "../../../site_assets/widgets/core/sha256.mjs";
import { Experiment } from "../../../site_assets/widgets/lab/experiment.mjs";
import { firstSetup, recipeFile, recipeOf } from "../../../site_assets/widgets/lab/setup.mjs";
import { OWN, openCard, openData, openGraphs } from "./open-lab.mjs";

const card = openCard(OWN);
const data = await openData(OWN);
const experiment = new Experiment(card, data, await openGraphs(card, OWN), async () => {});
const recipe = recipeOf({ ...firstSetup(card.recipe), rate: 0.5, epochs: 3 }, card.recipe, card.gallery);
experiment.begin(recipe);
/** @type {Record<string, unknown>} */
const histories = {};
await experiment.train({ aborted: false }, ({ which, history }) => {
  if (history) histories[which] = history;
});
const splits = Object.entries(data).map(async ([name, { images, labels }]) => [
  name,
  [await sha256(images), await sha256(labels)],
]);
const toml = recipeFile(recipe, card.data, "https://example.org/trees/lab.json");
console.log(JSON.stringify({ toml, histories, splits: Object.fromEntries(await Promise.all(splits)) }));
