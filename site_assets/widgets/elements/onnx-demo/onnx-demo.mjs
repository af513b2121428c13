/**
 * `<onnx-demo config='{…}'>`: networks to try, side by side. Its parts are put together in `compose.mjs`; data flows one
 * way: input -> source -> worker -> result -> view.
 */

import { parseConfig } from "../../core/config.mjs";
import { words } from "../../core/messages.mjs";
import { writeState } from "../../core/url-state.mjs";
import { sharedBackends } from "../../engine/backends.mjs";
import { connectInputs } from "../../inputs/inputs.mjs";
import { define, h, hide, savesData, whenIdle, whenNear } from "../../parts/dom.mjs";
import { copyLink } from "../../parts/share-button.mjs";
import { compose } from "./compose.mjs";
import { clearAnswers, clearProblem, showAnswers, showControls, showProblem, showStored } from "./show.mjs";
import { TRIGGER_KEY } from "./view.mjs";

/** @typedef {ReturnType<typeof compose>} Parts */

/** Where keys are for choosing and writing. */
const TAKES_KEYS = "select, input, textarea, [contenteditable]";

export class OnnxDemo extends HTMLElement {
  /** @type {Parts | null} */
  #built = null;
  #stamped = false;
  /** @type {AbortController | null} */
  #listening = null;
  /** What is shown of the networks' insides; null until the reader comes near. @type {import("./inside/figures.mjs").Figures | null} */
  #figures = null;

  /** Built when the reader comes near, or when the page is idle; until then the server's HTML is shown. */
  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    if (this.#built) this.#listen(signal);
    else whenIdle(() => this.#ensureBuilt(), signal);
    const arrive = () => {
      this.#ensureBuilt({ waiting: true });
      this.#built?.loader.arrive({ saveData: savesData() });
      this.#lookInside();
    };
    whenNear(this, arrive, signal);
  }

  disconnectedCallback() {
    this.#listening?.abort();
    this.#appear();
    this.#built?.loader.leave();
    this.#built?.view.live.cancel();
  }

  /** A photo that the reader has given, while it is what counts. */
  get ownPhoto() {
    const { kind, source } = this.#built ?? {};
    const request = kind === "photo" && source?.sample === null ? source.request : null;
    return request?.kind === "file" ? request.blob : null;
  }

  get #parts() {
    return /** @type {Parts} */ (this.#built);
  }

  /**
   * Build the widget, or put in its place what is wrong.
   *
   * @param {{waiting?: boolean}} [options] `waiting`: the server's HTML shows answers and is in sight; it stays until as
   *   much can be shown here
   */
  #ensureBuilt({ waiting = false } = {}) {
    if (this.dataset.ready !== undefined) return;
    this.dataset.ready = "";
    const focused = this.contains(document.activeElement);
    try {
      const handlers = {
        onImage: (/** @type {boolean} */ finished) => this.#changed(finished),
        onCards: () => this.#preview(),
        onReady: () => this.#ready(),
        onStuck: () => this.#appear(),
      };
      /** @type {HTMLElement | null} */
      const inside = this.querySelector(".ow-inside");
      const parts = compose(parseConfig(this.getAttribute("config")), handlers, inside);
      this.#built = parts;
      this.#stamped = parts.stamped;
      if (!waiting || !parts.config.stored || focused) this.#appear();
    } catch (error) {
      const { title, advice } = words(error);
      this.replaceChildren(h("div", { class: "ow ow-broken", role: "alert" }, h("strong", {}, title), ` ${advice}`));
    }
    if (focused) this.querySelector("button")?.focus({ preventScroll: true });
  }

  /** Take the place of the server's HTML. */
  #appear() {
    if (!this.#built || this.#built.view.root.parentElement === this) return;
    this.replaceChildren(this.#built.view.root);
    this.#showControls();
    if (this.#listening && !this.#listening.signal.aborted) this.#listen(this.#listening.signal);
  }

  /** The figures come to life; should their module not arrive, they stay as the server has rendered them. */
  async #lookInside() {
    const { config, kind, view, source } = this.#built ?? {};
    if (!config?.inside || !view?.inside || !this.#listening) return;
    const { signal } = this.#listening;
    const { Figures, followOwnPhoto } = await import("./inside/figures.mjs");
    if (kind === "photo" && source && !signal.aborted) followOwnPhoto(this, source, signal);
    this.#figures ??= new Figures(view.inside, config.inside, () => this.#answer());
    this.#answer();
  }

  /** The cards are here: show what is known from the time when the page was built. */
  #preview() {
    this.#appear();
    this.#showStored();
  }

  /** Networks are open: answer; and see what else they could run on, now that nothing waits for it. */
  #ready() {
    this.#answer();
    const { models, view } = this.#parts;
    if (!models.ready || !this.#listening) return;
    whenIdle(() => sharedBackends().look().then(view.backend.show), this.#listening.signal);
  }

  /** Without a network to ask: the stored answers, if it is their sample that is shown. */
  #showStored() {
    const { view, models, source, stage, config, first } = this.#parts;
    if (!first || !config.stored) return;
    if (source.sample === 0 && !stage.moved) {
      first.stamped = this.#stamped;
      showStored(view, config.stored, models, this.#stamped);
    } else {
      first.end();
      clearAnswers(view);
    }
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const { view, models, inputs, stage, source, loader } = this.#parts;
    /** @type {(target: EventTarget | null, type: string, listener: (event: any) => void) => void} */
    const on = (target, type, listener) => target?.addEventListener(type, listener, { signal });
    stage.listen(signal, { onPlaced: (finished) => this.#changed(finished), onClear: () => source.clear() });
    connectInputs({ ...inputs, pad: stage.pad }, source, (error) => showProblem(view, error), signal);
    on(view.toggle, "click", () => this.#toggle());
    on(view.root, "keydown", (event) => this.#shortcut(event));
    on(view.picker, "click", (event) => this.#pick(event));
    on(view.precision, "change", () => {
      models.precision = view.precision.value;
      this.#changeModels();
    });
    view.backend.listen(signal);
    on(sharedBackends(), "change", () => this.#restart());
    on(view.share, "click", () => copyLink(view.share, this.id));
    on(view.load, "load", () => loader.load());
    on(view.load, "cancelload", () => loader.cancel());
    for (const type of ["pointerdown", "focusin"]) on(this, type, (event) => this.#wake(event));
  }

  /** With Save-Data, using the widget is what loads it; the button that offers it asks by itself. @param {Event} event */
  #wake({ target }) {
    const { view, loader } = this.#parts;
    if (loader.state.name === "offered" && !(target instanceof Node && view.load.contains(target))) loader.load();
  }

  #toggle() {
    this.#stamped = !this.#stamped;
    this.#showControls();
    this.#changed(true);
  }

  /** @param {KeyboardEvent} event */
  #shortcut(event) {
    const { view } = this.#parts;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key.toUpperCase() !== TRIGGER_KEY || !plain || view.toggle.disabled || view.triggerBox.hidden) return;
    if (event.target instanceof Element && event.target.closest(TAKES_KEYS)) return;
    event.preventDefault();
    event.stopPropagation(); // Themes have keys of their own.
    this.#toggle();
  }

  /** @param {Event} event */
  #pick({ target }) {
    const { view, models } = this.#parts;
    const button = target instanceof Element ? target.closest("button") : null;
    const index = button ? [...(view.picker?.children ?? [])].indexOf(button) : -1;
    if (index < 0) return;
    models.only = index;
    this.#changeModels();
  }

  /** The networks run on something else now. Those that nobody has asked for yet are left alone. */
  #restart() {
    const { loader } = this.#parts;
    if (loader.state.name !== "idle" && loader.state.name !== "offered") loader.load();
  }

  #changeModels() {
    this.#showControls();
    this.#changed(true);
    this.#parts.loader.reload();
  }

  #showControls() {
    const { view, models, stage } = this.#parts;
    stage.stamped = this.#stamped;
    if (stage.placing && !this.#stamped) hide(stage.placing, view.toggle);
    else if (stage.placing) stage.placing.hidden = false;
    showControls(view, this.#stamped, models.only);
  }

  /** @param {boolean} finished worth a place in the address: not in the middle of a stroke */
  #changed(finished) {
    clearProblem(this.#parts.view);
    if (finished) this.#remember();
    this.#answer();
  }

  async #answer() {
    const { kind, view, models, stage, source, loader, first } = this.#parts;
    const { request } = source;
    if (request) first?.showsImage();
    if (!request && source.sample !== null) {
      this.#showStored(); // The page's own sample is still under way.
      return;
    }
    const figures = this.#figures;
    if (!request) {
      models.drop();
      figures?.clear();
      first?.end();
      stage.clear();
      clearAnswers(view);
      delete this.dataset.answered;
      return;
    }
    const stamped = this.#stamped;
    const { placement } = stage;
    try {
      if (models.answering.length === 0) this.#showStored();
      const silenced = figures?.silenced;
      const result = await loader.answer(request, stamped || figures?.both === true, placement, silenced);
      if (!result || source.empty || stamped !== this.#stamped) return;
      if (silenced?.length !== figures?.silenced.length) return;
      first?.end();
      stage.showSeen(result.seen, { current: source.isCurrent(request), placement });
      const seen = figures?.show(result.answers, result.shown, stamped, models.entries);
      if (figures && silenced?.length) result.answers = figures.afterSilence(result.answers);
      showAnswers(view, result, models, stamped, kind, { note: figures?.note, seen });
      this.dataset.live = "";
      if (models.ready) this.dataset.answered = "";
    } catch (error) {
      showProblem(view, error);
    }
  }

  /** Put the view into the address. */
  #remember() {
    const { models, stage, source, config } = this.#parts;
    const search = writeState(location.search, config.id, {
      sample: source.sample ?? undefined,
      strokes: source.strokes,
      placement: stage.moved,
      trigger: config.trigger === "switch" && this.#stamped ? true : undefined,
      precision: models.precision ?? undefined,
      model: models.only || undefined,
    });
    history.replaceState(history.state, "", `${location.pathname}${search}${location.hash}`);
  }
}

define("onnx-demo", OnnxDemo);
