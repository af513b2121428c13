/** The parts of a demo, put together as its configuration and the page's address say. */

import { configuredKind } from "../../core/config.mjs";
import { readState } from "../../core/url-state.mjs";
import { sharedBackends } from "../../engine/backends.mjs";
import { sharedClient } from "../../engine/client.mjs";
import { Loader } from "../../engine/loader.mjs";
import { Models } from "../../engine/models.mjs";
import { buildInputs, sampleFile } from "../../inputs/inputs.mjs";
import { Source } from "../../inputs/source.mjs";
import { createStage } from "../../stages/stage.mjs";
import { FirstView, MEANWHILE } from "./first-view.mjs";
import { fillView, showLoading, showProblem } from "./show.mjs";
import { buildView, YOURS } from "./view.mjs";

/**
 * @param {import("../../core/config.mjs").Config} config
 * @param {object} handlers
 * @param {(finished: boolean) => void} handlers.onImage there is another image to answer
 * @param {() => void} handlers.onCards the cards are here
 * @param {() => void} handlers.onReady a network is open, or all are
 * @param {() => void} handlers.onStuck the cards may not come, or only when the reader asks
 * @param {HTMLElement | null} inside the server's figures of the networks' insides
 */
export function compose(config, { onImage, onCards, onReady, onStuck }, inside) {
  const state = readState(location.search, config.id);
  const kind = configuredKind(config);
  const models = new Models(config.models, sharedClient(), document.baseURI, sharedBackends(), config.inside);
  models.precision = state.precision ?? null;
  if (!config.compare && config.models.length > 1) models.only = Math.min(state.model ?? 0, config.models.length - 1);

  const inputs = buildInputs(config);
  const stage = createStage(kind, { config, models, video: inputs.camera?.video ?? null });
  if (inputs.camera && stage.cameraSide) inputs.camera.side = stage.cameraSide;
  const view = buildView(config, kind, stage, inputs, inside);
  const onProblem = (/** @type {unknown} */ error) => showProblem(view, error);

  const source = new Source({
    screen: stage,
    samples: inputs.samples ? config.samples : [],
    fetchSample: (index) => sampleFile(config.samples[index].src),
    camera: inputs.camera,
    listener: {
      onChoice: () => {
        if (inputs.samples) inputs.samples.chosen = source.sample;
        const sample = source.sample === null ? null : config.samples[source.sample];
        view.credit.show(sample);
        view.title.textContent = sample?.alt ?? YOURS;
      },
      onImage,
      onProblem,
    },
  });
  const loader = new Loader(models, {
    onState: (loading) => {
      showLoading(view, loading);
      if (loading.name === "failed" || loading.name === "offered") onStuck();
    },
    onCards: () => {
      fillView(view, config, models);
      onCards();
      stage.configure(state.placement ?? null).catch(onProblem);
      source.arrive();
    },
    onReady,
  });
  source.restore(state);
  const first = config.stored && source.sample === 0 ? new FirstView(stage, config, config.stored) : null;
  if (first) view.load.meanwhile = MEANWHILE;
  const stamped = config.trigger === "on" || (config.trigger === "switch" && state.trigger === true);
  return { config, kind, models, inputs, stage, view, source, loader, first, stamped };
}
