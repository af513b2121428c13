/**
 * How much memory the networks may take: the runtime itself asks for up to 4 GB, which ends a phone's tab. It never gives
 * memory back, so a worker whose networks have filled it is of no more use.
 */

const PAGE_BYTES = 65_536;
/** 1 GiB: the largest released network takes 60 MB. */
export const MOST_PAGES = 16_384;

/** The runtime's. @type {WebAssembly.Memory | null} */
let memory = null;

/** Bound what the runtime, which has no option for it, asks for as it starts. */
export function boundMemory() {
  WebAssembly.Memory = class extends WebAssembly.Memory {
    /** @param {WebAssembly.MemoryDescriptor} asked */
    constructor({ maximum = MOST_PAGES, ...rest }) {
      super({ ...rest, maximum: Math.min(maximum, MOST_PAGES) });
      memory = this;
    }
  };
}

/** Whether the networks have taken more than half of what they may. */
export function isSpent() {
  return memory !== null && memory.buffer.byteLength > (MOST_PAGES * PAGE_BYTES) / 2;
}
