"""Activation clustering (Chen et al. 2018): poisoned and clean images of one label activate the network differently."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from pydantic import Field
from sklearn import config_context
from sklearn.cluster import KMeans
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import silhouette_score

from training.defences.base import Defence, Doubles, Floats, Need, Settings, Subject
from training.defences.features import by_class
from training.defences.scoring import score
from training.defences.verdict import LabelNumbers, SampleScores

CLUSTERS = 2
LEAST = 3
"""Training images of a class: two clusters of fewer have no silhouette."""
STARTS = 10
"""Of k-means; the best counts."""
DISTANCES_MB = 256
"""Memory for distances between the images of a class, of which 6,000 images have 36 million."""


class ActivationClustering(Settings):
    """How activations are clustered, and when a cluster counts as poisoned."""

    components: int = Field(default=10, ge=1)
    """Independent components that activations are reduced to."""
    size: float = Field(default=0.35, gt=0, le=0.5)
    """Fraction of a class below which its smaller cluster may be poisoned. The paper compares the size with the
    expected fraction of poison ("relative size comparison"); this value and the next are the defaults of its authors'
    implementation, in the Adversarial Robustness Toolbox."""
    silhouette: float = Field(default=0.1, ge=-1, le=1)
    """Silhouette score above which the two clusters count as such; the paper suggests 0.10 to 0.15."""


class Clustered(NamedTuple):
    """The two clusters of a class."""

    position: Doubles
    """Of each image, from -1 (at the larger cluster's centre) to 1 (at the smaller one's); above 0 it belongs to the
    smaller cluster, `(n,)`."""
    size: float
    """The smaller cluster's fraction of the class."""
    silhouette: float
    """Mean silhouette score of the class."""


def reduce(features: Floats, components: int, seed: int) -> Doubles:
    """Independent components of features: `(n, d)` to `(n, k)`, k at most the features' rank."""
    # scikit-learn gives components the sign of the first feature, so that one must not be silent
    varied = features[:, (features != features[0]).any(axis=0)]
    centred = varied.astype(np.float64) - varied.mean(axis=0, dtype=np.float64)
    k = min(components, int(np.linalg.matrix_rank(centred)))
    # directions beyond the rank have no deviation to divide by, and are dropped
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        # like the authors, take what the search for components has after its last step
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = FastICA(k, whiten="unit-variance", max_iter=1000, tol=0.005, random_state=seed).fit_transform(centred)
    made: Doubles = found
    return made


def cluster(reduced: Doubles, seed: int) -> Clustered:
    """Two clusters of the reduced features of a class.

    Args:
        reduced: `(n, k)`.
        seed: Of k-means.
    """
    means = KMeans(CLUSTERS, n_init=STARTS, random_state=seed).fit(reduced)
    smaller = int(np.bincount(means.labels_, minlength=CLUSTERS).argmin())
    distances = means.transform(reduced)
    near, far = distances[:, smaller], distances[:, 1 - smaller]
    with config_context(working_memory=DISTANCES_MB):
        silhouette = float(silhouette_score(reduced, means.labels_))
    return Clustered((far - near) / (far + near), float((means.labels_ == smaller).mean()), silhouette)


def examine(subject: Subject, how: ActivationClustering) -> SampleScores:
    """Cluster the training images of each label, and call small, separate clusters poisoned.

    Scores above 0 are of the samples that the paper removes: those of the smaller cluster, in classes where it is small
    and the silhouette score high. The samples of all other classes are 1 less suspicious than their place between the
    clusters says.

    Raises:
        DefenceError: If a class has too few images or equal features, or features are not finite.
    """
    found, labels = np.zeros(len(subject.training.labels)), []
    for label, samples, features in by_class(subject, LEAST):
        clusters = cluster(reduce(features, how.components, subject.seed), subject.seed)
        poisoned = clusters.size < how.size and clusters.silhouette > how.silhouette
        found[samples] = clusters.position - (0 if poisoned else 1)
        numbers = {"smaller cluster": clusters.size, "silhouette": clusters.silhouette}
        labels.append(LabelNumbers(label=label, numbers=numbers, suspicious=poisoned))
    truth = subject.training.is_poisoned
    scores = score(found, truth, samples="training-images", threshold=0.0, seed=subject.seed)
    return scores.model_copy(update={"labels": labels})


DEFENCE = Defence(
    name="activation-clustering",
    title="Activation clustering",
    paper="Chen, Carvalho, Baracaldo, Ludwig, Edwards, Lee, Molloy, Srivastava: Detecting Backdoor Attacks on Deep "
    "Neural Networks by Activation Clustering, 2018",
    needs=frozenset({Need.NETWORK, Need.TRAINING}),
    settings=ActivationClustering(),
    examine=examine,
)
