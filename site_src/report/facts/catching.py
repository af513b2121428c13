"""The page *Catching it*: what studies of defences found, and what papers claim."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple, get_args

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts, interval
from site_src.plugin.formats import THIN, count, duration, percent
from site_src.plugin.page import PageBuilder
from site_src.report.catching import claims, results, texts
from site_src.report.catching.cells import Shown, count_of, shown
from site_src.report.catching.curves import KINDS, Curve, roc
from site_src.report.catching.details import all_details
from site_src.report.catching.matrix import ELEMENT, caught, matrix
from site_src.report.catching.own import with_details
from site_src.report.catching.results import Family, Found
from site_src.report.catching.words import BEST_FIRST, RULES, Word
from site_src.report.charts import CHART
from site_src.report.figures import render
from site_src.report.tables import table
from training.core.metrics import Estimate
from training.defences.verdict import Decision, SampleScores


class Catching:
    """Macros that read the results of `backdoors study-defences`."""

    def __init__(self, page: PageBuilder, facts: Facts) -> None:
        self._page = page
        self._facts = facts
        self._read: dict[str, Found] = {}

    def defences_matrix(self, name: str) -> str:
        """Attacks by defences: a word and a number in each cell, which leads to its details.

        Raises:
            FactError: As for every macro here: if the file is missing, unreadable, incomplete or outdated.
        """
        return self._page.place(matrix(self._found(name)), ELEMENT)

    def defences_rules(self) -> str:
        """What the number in a cell is, and how its word is chosen."""
        rows = [[f"**{family.heading}**", number, found, missed] for family, (number, found, missed) in RULES.items()]
        head = [
            "Examined",
            "The number",
            f"*{Word.CAUGHT.value.capitalize()}* if",
            f"*{Word.SLIPS.value.capitalize()}* if",
        ]
        return table(head, rows)

    def defences_explained(self, name: str) -> str:
        """A section for each defence: how it thinks, its paper, and the details of its cells."""
        found = self._found(name)
        parts = []
        for family, defences in found.families.items():
            parts.append(f"### {family.heading} {{ #{family} }}")
            for defence in defences:
                known = texts.explained().get(defence.name)
                thinks = known.thinks.strip() if known else ""
                paper = f"[{defence.paper}]({known.link})." if known else f"{defence.paper}."
                parts += [f"#### {defence.title} {{ #{defence.name} }}", thinks, paper]
                parts.append(self._page.place(all_details(found, defence, self._page.output.add_image), CHART))
        return "\n\n".join(parts)

    def defences_study(self, name: str) -> str:
        """A further study on the page: its table, and below it what the cells lead to."""
        found = results.read(name, self._facts.measurements(name), current=True, prefix=f"{name}-")
        return "\n\n".join(with_details(found, self._page.place, self._page.output.add_image))

    def defences_zoo(self, name: str, caption: str) -> str:
        """ROC curves over whole networks, one for each defence that gives networks an index."""
        detections = self._detections(name)[: len(KINDS)]
        curves = [Curve(title, [verdict]) for title, verdict in detections]
        return self._page.place(roc("zoo", curves, caption), CHART)

    def defences_zoo_table(self, name: str) -> str:
        """How well each defence tells backdoored networks from clean ones."""
        rows = [
            [
                title,
                f"{verdict.poisoned} backdoored, {verdict.clean} clean",
                _area(verdict.auroc),
                _with_interval(verdict.detected_at_5),
                _decided(verdict.decision),
            ]
            for title, verdict in self._detections(name)
        ]
        head = ["Defence", "Networks", "AUROC", f"Found at 5{THIN}% false alarms", "At the paper’s threshold"]  # noqa: RUF001
        return table(head, rows)

    def defences_claims(self, headings: Mapping[str, str]) -> str:
        """What papers claim beside what studies measured.

        Args:
            headings: A column's heading, by the name of its study; the first has all attacks and defences of the table.
        """
        studies = {heading: self._found(name) for name, heading in headings.items()}
        first = next(iter(studies.values())).results
        known = {each.name: each.title for each in first.defences}
        attacks = results.attacks_by_name(first)
        rows: list[dict[str, Any]] = [
            {
                "defence": known[claim.defence],
                "attack": attacks[claim.attack].title,
                "claim": claim,
                "ours": {heading: claims.ours(found, claim) for heading, found in studies.items()},
            }
            for claim in texts.claims()
            if claim.defence in known and claim.attack in attacks
        ]
        whys = any(row["claim"].why for row in rows)
        return self._page.place(render("catching/claims", headings=list(studies), rows=rows, whys=whys))

    def defences_measured(self, name: str, defence: str, attack: str, what: texts.InWords) -> str:
        """One number of a study in words, for a paragraph; `what` as in `claims.toml`.

        Raises:
            FactError: As above, if the study has no such cell, or if nothing is put into words so.
        """
        if what not in get_args(texts.InWords):
            raise FactError(f"a measurement is put into words by {', '.join(get_args(texts.InWords))}, not '{what}'")
        return claims.ours(self._found(name), texts.Asked(defence=defence, attack=attack, ours=what))

    def defences_costs(self, name: str) -> str:
        """The defences in order of their cost, with what they need and how many attacks they catch."""
        found = self._found(name)
        rows: list[tuple[float, list[str]]] = []
        for family, defences in found.families.items():
            for defence in defences:
                cells = [found.cell(attack.name, defence.name) for attack in found.results.attacks]
                said = [shown(found, attack, defence).word for attack in found.results.attacks]
                times = [cell.seconds for cell in cells if cell.seconds is not None]
                seconds = median(times) if times else math.inf
                tally = [str(said.count(each)) for each in _TALLIED]
                time = _time(seconds) if times else "—"
                rows.append((seconds, [f"[{defence.title}](#{defence.name})", family.heading, time, *tally]))
        head = ["Defence", "Examines", "Time", *(each.value.capitalize() for each in _TALLIED)]
        return table(head, [row for _, row in sorted(rows, key=lambda each: each[0])])

    def defences_slip(self, name: str) -> str:
        """A list of the attacks: how many defences each slips through, and which catch it; the hardest first."""
        found = self._found(name)
        attacks = results.attacks_by_name(found.results)
        slipping = {attack: _slipping(cells) for attack, cells in caught(found).items()}
        ranked = sorted(slipping, key=lambda attack: slipping[attack].caught)
        return "\n".join(f"- **{attacks[attack].title}** {slipping[attack].text}" for attack in ranked)

    def defences_count(self, name: str, what: str) -> str:
        """A number of the study: its `attacks`, `defences`, `seeds`, `backdoored` or `clean` networks.

        Raises:
            FactError: As above, or if it counts no such thing.
        """
        found = self._found(name).results
        clean = [each for each in found.networks if each.attack is None]
        numbers = {
            "attacks": len(found.attacks), "defences": len(found.defences), "seeds": len(found.seeds),
            "clean": len(clean), "backdoored": len(found.networks) - len(clean),
        }  # fmt: skip
        if what not in numbers:
            raise FactError(f"a study counts {', '.join(numbers)}, not '{what}'")
        return count(numbers[what])

    def defences_time(self, name: str) -> str:
        """How long all measurements of a study took together, without training."""
        return duration(sum(cell.seconds for cell in self._found(name).results.cells))

    def defences_memory(self, name: str) -> str:
        """The largest memory of a measurement, in gigabytes."""
        known = [cell.peak_bytes for cell in self._found(name).results.cells if cell.peak_bytes is not None]
        if not known:
            raise FactError(f"{name}.json says of no measurement how much memory it took")
        return f"{max(known) / 1e9:.1f}{THIN}GB"

    def _found(self, name: str) -> Found:
        if name not in self._read:
            self._read[name] = results.read(name, self._facts.measurements(name), current=True)
        return self._read[name]

    def _detections(self, name: str) -> list[tuple[str, SampleScores]]:
        found = self._found(name)
        known = {each.name: each.title for each in found.families.get(Family.NETWORK, [])}
        detections = [(title, found.detection(defence, None)) for defence, title in known.items()]
        measured = [(title, each.verdict) for title, each in detections if each is not None]
        if not measured:
            raise FactError(f"{name}.json has no defence that gives whole networks an index")
        return measured


_TALLIED = (*BEST_FIRST, Word.CANNOT)


def _time(seconds: float) -> str:
    return duration(seconds) if seconds >= 1 else f"under 1{THIN}s"


def _with_interval(found: Estimate | None) -> str:
    return f"{percent(found.value, found.n)} ({interval(found)})" if found else "—"


def _area(found: Estimate | None) -> str:
    return f"{found.value:.2f} (95{THIN}% interval {found.low:.2f} to {found.high:.2f})" if found else "—"


def _decided(decision: Decision | None) -> str:
    if decision is None:
        return "—"
    return f"{count_of(decision.detected)} found, {count_of(decision.false_alarms)} false alarms"


class _Slipping(NamedTuple):
    caught: int
    text: str


def _slipping(cells: Sequence[Shown]) -> _Slipping:
    """How many defences an attack slips through, and which ones catch it: semicolons, as some names have commas."""
    slips, partly, whole = (
        [cell.defence.title for cell in cells if cell.word is word] for word in reversed(BEST_FIRST)
    )
    through = f"{len(slips)} of {len(cells)} defences" if slips else "no defence"
    also = f", partly by {'; '.join(partly)}" if partly else ""
    return _Slipping(len(whole), f"slips through {through}. Caught by {'; '.join(whole) or 'none'}{also}.")
