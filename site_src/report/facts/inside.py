"""What was measured of the channels of a network's last convolution, from the `inside.json` beside its card."""

from __future__ import annotations

from export.card.inside import INSIDE_NAME, Channels, Inside, Silenced, read_inside
from export.card.schema import CardError
from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import count, percent
from training.core.metrics import Estimate


class InsideFacts:
    """Macros on the channels of a network's last convolution."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def channel_count(self, model: str) -> str:
        """How many channels there are."""
        return count(len(self._channels(model).channels))

    def half_silenced(self, model: str, metric: str | None = None) -> str:
        """A metric without the half of the channels that the trigger moves most; by default how many these are."""
        shown = self._channels(model)
        half = len(shown.channels) // 2
        return count(half) if metric is None else _shown(_metric(shown.silenced[half], metric))

    def one_silenced(self, model: str, metric: str) -> str:
        """The lowest value of a metric when a single channel is silenced, whichever."""
        return _shown(min((_metric(each, metric) for each in self._channels(model).alone), key=lambda each: each.value))

    def _channels(self, model: str) -> Channels:
        inside = self._inside(model)
        if not isinstance(inside.shown, Channels):
            raise FactError(f"{INSIDE_NAME} of {model} shows a {inside.shown.view}, not channels")
        return inside.shown

    def _inside(self, model: str) -> Inside:
        entry = self._facts.catalogue.get(model)
        try:
            return read_inside(entry.path.parent / INSIDE_NAME)
        except CardError as error:
            raise FactError(str(error)) from error


def _metric(silenced: Silenced, name: str) -> Estimate:
    if name not in Silenced.model_fields:
        raise FactError(f"unknown metric '{name}'; there are {', '.join(Silenced.model_fields)}")
    found: Estimate = getattr(silenced, name)
    return found


def _shown(estimate: Estimate) -> str:
    return percent(estimate.value, estimate.n)
