"""Neural Cleanse (Wang et al. 2019): the class that the smallest trigger leads to is the attacker's."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from training.defences.base import Defence, Need, Subject
from training.defences.outliers import SUSPICIOUS
from training.defences.trigger_search import Found, TriggerSearch, find_triggers
from training.defences.verdict import ClassIndices, RecoveredTrigger
from training.triggers.base import Images

SHOWN = 3
"""Triggers that the verdict keeps: those of the most suspicious classes."""
FAINT = 16
"""A mask below this, of 255, changes hardly anything that one can see, and is noise that takes megabytes for photos."""


def examine(subject: Subject, how: TriggerSearch) -> ClassIndices:
    """Search for each class's trigger, and compare their sizes."""
    found, indices = find_triggers(subject, how)
    suspicious = np.argsort(indices)[::-1][:SHOWN]
    return subject.class_indices(
        "anomaly index", indices, threshold=SUSPICIOUS, images=min(how.images, len(subject.clean.labels)),
        triggers={int(at): recovered(found[at]) for at in suspicious},
        size=[each.size for each in found], success=[each.success for each in found],
    )  # fmt: skip


def recovered(found: Found) -> RecoveredTrigger:
    """A trigger as a verdict keeps it, without its faint parts."""
    mask = (255 * found.mask[:, :, None]).round().astype(np.uint8)
    mask[mask < FAINT] = 0
    return RecoveredTrigger(mask=_png(mask), pattern=_png(np.where(mask > 0, found.pattern, 0).astype(np.uint8)))


def _png(image: Images) -> str:
    """An image `(h, w, 1)` or `(h, w, 3)` as PNG in base64."""
    packed = io.BytesIO()
    Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image).save(packed, "PNG", optimize=True)
    return base64.b64encode(packed.getvalue()).decode()


DEFENCE = Defence(
    name="neural-cleanse",
    title="Neural Cleanse",
    paper="Wang, Yao, Shan, Li, Viswanath, Zheng, Zhao: Neural Cleanse: Identifying and Mitigating Backdoor Attacks in "
    "Neural Networks, 2019",
    needs=frozenset({Need.NETWORK, Need.CLEAN}),
    settings=TriggerSearch(),
    examine=examine,
)
