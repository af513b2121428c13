/** Undo and redo over states that are never changed in place. */

/** @template State */
export class History {
  /** @type {State[]} */
  #past = [];
  /** @type {State[]} */
  #future = [];
  /** @type {State} */
  #present;

  /** @param {State} initial */
  constructor(initial) {
    this.#present = initial;
  }

  get present() {
    return this.#present;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** @param {State} state */
  push(state) {
    this.#past.push(this.#present);
    this.#present = state;
    this.#future = [];
  }

  undo() {
    this.#move(this.#past, this.#future);
  }

  redo() {
    this.#move(this.#future, this.#past);
  }

  /**
   * @param {State[]} from
   * @param {State[]} to
   */
  #move(from, to) {
    const state = from.pop();
    if (state === undefined) return;
    to.push(this.#present);
    this.#present = state;
  }
}
