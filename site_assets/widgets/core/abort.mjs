/** Ends a task with the one that it is part of, in browsers without `AbortSignal.any` too: Safari has it since 17.4. */

/**
 * @param {AbortSignal} signal of the whole
 * @returns {AbortController} of the part: it aborts when the whole does, and may do so before
 */
export function following(signal) {
  const part = new AbortController();
  const follow = () => part.abort(signal.reason);
  if (signal.aborted) follow();
  else signal.addEventListener("abort", follow, { once: true, signal: part.signal });
  return part;
}
