/** The thread of the lab: it trains, measures and searches networks, so that the page never waits. */

import { GAME } from "./lab/game.mjs";
import { RELEASED } from "./lab/released.mjs";
import { TASKS } from "./lab/tasks.mjs";
import { serve } from "./serve.mjs";

serve(/** @type {import("./serve.mjs").Port} */ (/** @type {unknown} */ (globalThis)), {
  ...TASKS,
  ...RELEASED,
  ...GAME,
});
