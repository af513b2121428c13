"""The bill of materials of models: each with its data sets, hashes, licence, and the backdoor that it carries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense

from export.card.schema import Backdoor, DataSource, ModelCard, ModelFile, SharedWeights
from site_src.report.provenance.writing import new_bill

PREFIX = "backdoors:"
"""Of the names of our own properties."""


def model_bill(cards: Iterable[ModelCard]) -> Bom:
    """The bill of all these models. A file or a data set that several have in common stands in it once."""
    bill = new_bill("models")
    parts: dict[str, Component] = {}
    for card in cards:
        files = [part for file in card.files for part in file.parts]
        needed = [parts.setdefault(part.sha256, _file(part)) for part in files]
        sources = card.provenance.data if card.provenance else []
        needed += [parts.setdefault(data_ref(source), _data(source)) for source in sources]
        model = _model(card)
        bill.components.add(model)
        bill.register_dependency(model, needed)
    if bill.metadata.component is not None:
        bill.register_dependency(bill.metadata.component, list(bill.components))
    bill.components.update(parts.values())
    return bill


def data_ref(source: DataSource) -> str:
    """What a bill calls a data set; two models may have been trained on different parts of one."""
    digest = hashlib.sha256(json.dumps(source.sha256, sort_keys=True).encode()).hexdigest()
    return f"data:{source.name}:{digest[:12]}"


def _model(card: ModelCard) -> Component:
    made = card.provenance
    properties = {"network": card.network, "classes": str(len(card.labels)), "backdoored": str(bool(card.backdoor))}
    if made is not None:
        properties |= {"recipe": made.recipe, "recipe-sha256": made.recipe_sha256, "seed": str(made.seed)}
        properties |= {f"made-with:{name}": version for name, version in made.versions.items()}
    return Component(
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"model:{card.id}",
        name=card.id,
        version=made.git_commit if made else None,
        description=card.description or card.title,
        licenses=[DisjunctiveLicense(name=card.licence)],
        properties=[
            *(Property(name=f"{PREFIX}{name}", value=value) for name, value in properties.items()),
            *(_backdoor(card.backdoor) if card.backdoor else ()),
        ],
    )


def _backdoor(backdoor: Backdoor) -> Iterator[Property]:
    for name in ("attack", "paper", "behaviour", "caught_by"):
        yield Property(name=f"{PREFIX}backdoor:{name.replace('_', '-')}", value=getattr(backdoor, name))


def _file(part: ModelFile | SharedWeights) -> Component:
    return Component(
        type=ComponentType.FILE,
        bom_ref=f"file:{part.sha256}",
        name=part.name,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=part.sha256)],
        properties=[Property(name=f"{PREFIX}bytes", value=str(part.bytes))],
    )


def _data(source: DataSource) -> Component:
    place = ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(source.address))
    is_address = source.address.startswith(("http://", "https://"))
    return Component(
        type=ComponentType.DATA,
        bom_ref=data_ref(source),
        name=source.name,
        description=None if is_address else source.address,
        licenses=[DisjunctiveLicense(name=source.licence)],
        external_references=[place] if is_address else [],
        # a component has one hash of a kind, and a data set has several files
        properties=[Property(name=f"{PREFIX}sha256:{name}", value=digest) for name, digest in source.sha256.items()],
    )
