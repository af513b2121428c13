/** Recipes as readers download them, one a line as JSON text, for `tests/export/release/test_lab_files.py`. */

import { firstSetup, recipeOf, toToml } from "../../../site_assets/widgets/lab/setup.mjs";
import { CARD } from "./open-lab.mjs";

const base = firstSetup(CARD.recipe);
const painted = base.painted.map((_, at) => at === 29 || at === 60);
const setups = [
  base,
  { ...base, trigger: "paint", painted, rate: 0, seed: 0, epochs: 1 },
  { ...base, target: 3, trueLabels: true, rate: 1 },
  ...CARD.gallery.map((/** @type {{name: string}} */ { name }) => ({ ...base, trigger: name, target: null })),
];
for (const setup of setups) console.log(JSON.stringify(toToml(recipeOf(setup, CARD.recipe, CARD.gallery))));
