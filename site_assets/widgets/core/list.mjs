/** Several things in one sentence. */

/** As "a", "a and b" or "a, b and c". @param {readonly string[]} parts */
export function list(parts) {
  if (parts.length < 2) return parts.join("");
  return `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`;
}
