"""From scores of samples to a verdict: AUROC, detection at fixed false alarms, and their 95 % intervals."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from training.core.metrics import Estimate, wilson
from training.defences.verdict import Decision, Histogram, SampleScores

Counts = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

RESAMPLES = 1000
"""Of the bootstrap."""
AT_ONCE = 50
"""Resamples computed together: 12,000 samples then take some 20 MB."""
BINS = 40
"""Of the histogram."""
POINTS = 200
"""Of the ROC curve, at most."""


def score(
    scores: npt.NDArray[np.floating],
    is_poisoned: npt.NDArray[np.bool_],
    *,
    samples: Literal["inputs", "training-images", "networks"],
    threshold: float | None = None,
    seed: int = 0,
) -> SampleScores:
    """The verdict of a defence that scores samples.

    Intervals are percentiles of a bootstrap that draws clean and poisoned samples separately, so that they include the
    uncertainty of the false alarms' threshold. Where the bootstrap shows no spread (nothing or everything detected),
    they are widened to Wilson's: for the AUROC, of as many independent pairs as the smaller group has.

    Args:
        scores: One for each sample, `(n,)`; the higher, the more suspicious.
        is_poisoned: The truth, `(n,) bool`.
        samples: What the samples are.
        threshold: The defence's own; scores above it are suspicious.
        seed: Of the bootstrap.

    Raises:
        ValueError: If scores and truth differ in number, there are none, or a score is not finite.
    """
    values = np.asarray(scores, dtype=np.float64)
    if len(values) != len(is_poisoned) or len(values) == 0:
        raise ValueError(f"cannot judge {len(values)} scores of {len(is_poisoned)} samples")
    if not np.isfinite(values).all():
        raise ValueError(f"{int((~np.isfinite(values)).sum())} of {len(values)} scores are not finite")
    clean, poisoned = values[~is_poisoned], values[is_poisoned]
    ranked = _judge(clean, poisoned, np.random.default_rng(seed)) if len(clean) and len(poisoned) else None
    edges = np.histogram_bin_edges(values, BINS)
    return SampleScores(
        samples=samples,
        clean=len(clean),
        poisoned=len(poisoned),
        auroc=ranked.auroc if ranked else None,
        detected_at_1=ranked.detected[0] if ranked else None,
        detected_at_5=ranked.detected[1] if ranked else None,
        roc=ranked.roc if ranked else [],
        histogram=Histogram(
            edges=[float(edge) for edge in edges],
            clean=np.histogram(clean, edges)[0].tolist(),
            poisoned=np.histogram(poisoned, edges)[0].tolist(),
        ),
        decision=None if threshold is None else _decide(clean, poisoned, threshold),
    )


class _Ranked(NamedTuple):
    auroc: Estimate
    detected: list[Estimate]
    roc: list[tuple[float, float]]


def _judge(clean: Doubles, poisoned: Doubles, rng: np.random.Generator) -> _Ranked:
    distinct = np.unique(np.concatenate([clean, poisoned]))[::-1]
    # how many samples of each group have each distinct score, highest score first
    counts = [np.bincount(np.searchsorted(-distinct, -group), minlength=len(distinct)) for group in (clean, poisoned)]
    measures = _measures(*counts)
    drawn = np.concatenate(
        [
            _measures(*(rng.multinomial(each.sum(), each / each.sum(), size=AT_ONCE) for each in counts))
            for _ in range(RESAMPLES // AT_ONCE)
        ]
    )
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    found = []
    for place, value in enumerate(float(each) for each in measures):
        pairs = place == 0
        n = min(len(clean), len(poisoned)) if pairs else len(poisoned)
        widened = value in {0.0, 1.0} or not pairs
        plain = wilson(round(value * n), n)
        bounds = [float(low[place]), float(high[place]), value, *([plain.low, plain.high] if widened else [])]
        n = len(clean) + len(poisoned) if pairs else n
        found.append(Estimate(value=value, n=n, low=max(0.0, min(bounds)), high=min(1.0, max(bounds))))
    return _Ranked(found[0], found[1:], _roc(*counts))


def _measures(clean: Counts, poisoned: Counts) -> Doubles:
    """AUROC, and detection at 1 % and at 5 % false alarms, of counts `(..., distinct scores)`: `(..., 3)`."""
    false, true = _cumulative(clean), _cumulative(poisoned)
    width = np.diff(false, axis=-1)
    auroc = (width * (true[..., 1:] + true[..., :-1]) / 2).sum(axis=-1)
    found = [auroc]
    for rate in (0.01, 0.05):
        last = (false <= rate).sum(axis=-1, keepdims=True) - 1
        found.append(np.take_along_axis(true, last, axis=-1)[..., 0])
    measures: Doubles = np.clip(np.stack(found, axis=-1), 0, 1)
    return measures


def _cumulative(counts: Counts) -> Doubles:
    """The fraction of samples with at least each score, from none to all."""
    summed = np.cumsum(counts, axis=-1) / counts.sum(axis=-1, keepdims=True)
    return np.concatenate([np.zeros((*counts.shape[:-1], 1)), summed], axis=-1)


def _roc(clean: Counts, poisoned: Counts) -> list[tuple[float, float]]:
    false, true = _cumulative(clean), _cumulative(poisoned)
    chosen = np.unique(np.linspace(0, len(false) - 1, POINTS).round().astype(int))
    return [(round(float(false[at]), 5), round(float(true[at]), 5)) for at in chosen]


def _decide(clean: Doubles, poisoned: Doubles, threshold: float) -> Decision:
    alarms, detected = (wilson(int((group > threshold).sum()), len(group)) for group in (clean, poisoned))
    return Decision(threshold=threshold, false_alarms=alarms, detected=detected)
