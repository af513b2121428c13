// The JavaScript half of test_browser_cards.py: reads a list of cards' texts on standard input, answers with each one's fault.
import { text } from "node:stream/consumers";
import { parseCard } from "../../site_assets/widgets/core/card.mjs";

/** @param {string} card */
function fault(card) {
  try {
    parseCard(card, "");
    return null;
  } catch (error) {
    const { code, details } = /** @type {any} */ (error);
    if (code !== "card") throw error;
    return details.found;
  }
}

process.stdout.write(JSON.stringify(JSON.parse(await text(process.stdin)).map(fault)));
