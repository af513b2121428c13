from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.training.cluster.one_node_slurm import NoSlurmError, slurm


@pytest.fixture(scope="module")
def cluster() -> Iterator[dict[str, str]]:
    """The environment of a real Slurm on this machine."""
    try:
        with slurm(cpus=2) as environment:
            yield environment | {"OMP_NUM_THREADS": "1"}
    except NoSlurmError as error:
        pytest.skip(str(error))
