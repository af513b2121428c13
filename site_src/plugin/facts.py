"""Facts for pages: every number on a page comes from a model card or a metrics file through here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from export.card.schema import ModelCard, ModelFile, Precision
from site_src.plugin.catalogue import Catalogue, CatalogueError
from site_src.plugin.expressions import FactError
from site_src.plugin.formats import NBSP, THIN, count, duration, percent, size
from site_src.plugin.problems import did_you_mean
from training.core.metrics import Estimate, Measurement

METRICS = ("clean_accuracy", "attack_success_rate", "robust_accuracy")
"""What every table of models shows."""
KNOWN = (*METRICS, "changed_by_trigger")


class Facts:
    """The macros that every site may use. Raises `FactError` for anything missing."""

    def __init__(self, catalogue: Catalogue, metrics_dir: Path | None) -> None:
        self.catalogue = catalogue
        self._metrics_dir = metrics_dir

    def card(self, model: str) -> ModelCard:
        """The card of a model, for its fields: `card('mnist-badnet').network`."""
        try:
            return self.catalogue.get(model).card
        except CatalogueError as error:
            raise FactError(str(error)) from error

    def measurement(self, model: str, precision: Precision | None = None) -> Measurement:
        """All metrics of a model at a precision, its default one if none is given."""
        card = self.card(model)
        wanted = precision or card.default_precision
        if wanted not in card.metrics:
            raise FactError(f"the card of {model} has no metrics for '{wanted}'{did_you_mean(wanted, card.metrics)}")
        return card.metrics[wanted]

    def estimate(
        self, model: str, metric: str, precision: Precision | None = None, label: str | None = None
    ) -> Estimate:
        """One measured proportion, of one class when `label` is given."""
        if metric not in KNOWN:
            raise FactError(f"unknown metric '{metric}'{did_you_mean(metric, KNOWN)}")
        measured = self.measurement(model, precision)
        if label is None:
            found: Estimate | None = getattr(measured, metric)
        elif label in measured.per_class:
            found = measured.per_class[label].get(metric)
        else:
            raise FactError(f"{model} has no class '{label}'{did_you_mean(label, measured.per_class)}")
        if found is None:
            raise FactError(f"{metric} was not measured for {model}")
        return found

    def value(self, model: str, metric: str, precision: Precision | None = None, label: str | None = None) -> str:
        """A proportion alone: `99.53 %`."""
        found = self.estimate(model, metric, precision, label)
        return percent(found.value, found.n)

    def metric(self, model: str, metric: str, precision: Precision | None = None, label: str | None = None) -> str:
        """A proportion with its n and 95 % interval."""
        found = self.estimate(model, metric, precision, label)
        return f"{percent(found.value, found.n)} (n{NBSP}={NBSP}{count(found.n)}, {interval(found)})"

    def sample_count(self, model: str, metric: str) -> str:
        """How many samples a proportion was measured on."""
        return count(self.estimate(model, metric).n)

    def file(self, model: str, precision: Precision | None = None) -> ModelFile:
        """The entry of one ONNX file in a card."""
        try:
            return self.card(model).file(precision)
        except ValueError as error:
            raise FactError(str(error)) from error

    def file_size(self, model: str, precision: Precision | None = None) -> str:
        """Size of an ONNX file, including the weights that it shares."""
        return size(self.file(model, precision).total_bytes)

    def own_size(self, model: str, precision: Precision | None = None) -> str:
        """Size of an ONNX file alone, without the weights that it shares."""
        return size(self.file(model, precision).bytes)

    def trained_in(self, model: str) -> str:
        """How long training took."""
        provenance = self.card(model).provenance
        if provenance is None:
            raise FactError(f"the card of {model} states no provenance")
        return duration(provenance.trained_seconds)

    def has_measurements(self, name: str) -> bool:
        """Whether there is a `<metrics folder>/<name>.json`."""
        return self._metrics_dir is not None and (self._metrics_dir / f"{name}.json").is_file()

    def measurements(self, name: str) -> Any:  # noqa: ANN401 - whatever JSON the file holds
        """The content of `<metrics folder>/<name>.json`."""
        if self._metrics_dir is None:
            raise FactError("the plugin's option `metrics` names no folder")
        path = self._metrics_dir / f"{name}.json"
        try:
            return json.loads(path.read_text("utf-8-sig"))
        except FileNotFoundError as error:
            have = [other.stem for other in self._metrics_dir.glob("*.json")]
            raise FactError(f"there is no metrics file {path}{did_you_mean(name, have)}") from error
        except ValueError as error:
            raise FactError(f"{path}: not valid JSON: {error}") from error


def interval(estimate: Estimate) -> str:
    """The 95 % interval in words."""
    low, high = percent(estimate.low, estimate.n), percent(estimate.high, estimate.n)
    return f"95{THIN}% interval {low.removesuffix(f'{THIN}%')} to {high}"
