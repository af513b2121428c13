"""What the lab in the tab can do: verdicts of its defences, speeds, memory and bytes, as tables and numbers."""

from __future__ import annotations

import json
from typing import Any

from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN, percent, size
from site_src.plugin.runtime import own_assets
from site_src.report.tables import table

STUDY = "lab-study"
DEFENCES = {
    "search": "Search for the trigger",
    "strip": "Lay images over the input",
    "clusters": "Cluster the training images",
    "prune": "Prune",
    "tune": "Fine-tune",
}
"""Titles of the lab's defences, detectors first."""
REPAIRS = ("prune", "tune")
GONE = 0.1
"""Attack success below which a repair has removed a backdoor, as in `lab/verdicts.mjs`."""
TRIGGERS = {
    "patch": "white square",
    "pixel": "one pixel",
    "blend": "blended rings",
    "sinusoid": "stripes",
    "warp": "warped",
}
WORDS = {"right": "right", "partly": "partly", "wrong": "**wrong**", "nothing": "nothing to remove"}
SPEEDS = {
    "epoch": "An epoch of one network",
    "training": "{epochs} epochs of both networks, each measured after every epoch",
    "search": "Searching for the triggers of all classes",
    "strip": "STRIP, with the limit that it draws from the owner's images",
    "pruneStep": "Cutting off one feature, and measuring",
    "tune": "Fine-tuning, all epochs",
}
"""Titles of what was timed, by its name in the file; `epochs` stands there too."""


class LabStudy:
    """Macros that read `lab-study.json`, which `make lab-study` writes."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def lab_defences_table(self) -> str:
        """For each defence: how many backdoored networks it was right about, and how many clean ones it accused."""
        networks = self._networks()
        backdoored = [each for each in networks if each["backdoored"]]
        clean = [each for each in networks if not each["backdoored"]]
        rows = []
        for name, title in DEFENCES.items():
            found = [each["verdicts"][name]["verdict"] for each in backdoored]
            accused = [each["verdicts"][name]["verdict"] for each in clean].count("wrong")
            cells = [f"{found.count('right') + found.count('partly')} of {len(found)}", f"{accused} of {len(clean)}"]
            if name in REPAIRS:
                cells = [f"removed from {found.count('right')} of {len(found)}", "accuses nobody"]
            elif "partly" in found:
                cells[0] += f" ({found.count('partly')} with another class beside the right one)"
            rows.append([title, *cells])
        gone = f"removed: attack success under {percent(GONE, 0)}"
        return table(["Defence", f"Backdoored networks found ({gone})", "Clean networks accused"], rows)

    def lab_networks_table(self) -> str:
        """Every verdict on every network."""
        rows = [
            [
                TRIGGERS[each["trigger"]] if each["backdoored"] else f"its clean twin (seed {each['seed']})",
                *(WORDS[each["verdicts"][name]["verdict"]] for name in DEFENCES),
            ]
            for each in self._networks()
        ]
        return table(["Network", *DEFENCES.values()], rows)

    def lab_speeds_table(self) -> str:
        """Milliseconds of each kind of work."""
        found = self._part("speeds")["milliseconds"]
        rows = [[title.format(epochs=found["epochs"]), _time(found[name])] for name, title in SPEEDS.items()]
        rows.append(["Longest block of the page (processor time)", _time(self._part("blocks")["processor"])])
        return table(["Work", "Time"], rows)

    def lab_machine(self) -> str:
        """The browser and the processor of the speeds."""
        part = self._part("speeds")
        return f"Chromium {part['browser'].split('.')[0]} on one thread ({part['cpu']})"

    def lab_bytes(self) -> str:
        """What the page fetches beyond the runtime, packed."""
        part = self._part("bytes")
        return size(part["files"] + part["modules"], decimals=0)

    def lab_memory(self, training: int) -> str:
        """What the page's process takes after so many trainings in one tab."""
        (found,) = [each for each in self._part("memory")["trainings"] if each["training"] == training]
        return size(found["process"], decimals=0)

    def lab_tensorflow(self) -> str:
        """How many times longer TensorFlow.js takes for a training step of the same network in the same run."""
        part = self._part("tensorflow")
        return f"{part['cpuBackend']['milliseconds'] / part['ours']:.0f}"

    def lab_tensorflow_lacks(self) -> str:
        """What TensorFlow.js's WebAssembly backend says of training the network."""
        said: str = self._part("tensorflow")["wasmBackend"]["cannot"]
        return said

    def lab_game_pool(self) -> str:
        """How many networks the game deals from, and how many of them are backdoored."""
        networks = json.loads((own_assets() / "lab" / "game.json").read_bytes())["networks"]
        backdoored = sum(each["attack"] is not None for each in networks)
        return f"{len(networks)}, of which {backdoored} are backdoored"

    def _part(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._facts.measurements(STUDY)[name]
        return found

    def _networks(self) -> list[dict[str, Any]]:
        return list(self._part("verdicts")["networks"])


def _time(milliseconds: float) -> str:
    if milliseconds < 1000:
        return f"{milliseconds:.0f}{THIN}ms"
    return f"{milliseconds / 1000:.1f}{THIN}s"
