"""Slurm's tasks as processes that train together, however they were asked for."""

from __future__ import annotations

import os

from lightning_fabric.plugins.environments.slurm import SLURMEnvironment


class Srun(SLURMEnvironment):
    """Fabric's own environment insists on `--ntasks-per-node`; what srun started is enough to know."""

    @staticmethod
    def _validate_srun_variables() -> None:
        """`--ntasks` is as good; `training.engine.processes.layout` has checked that machines have equal shares."""

    def validate_settings(self, num_devices: int, num_nodes: int) -> None:
        """`layout` took both from Slurm itself."""

    @property
    def main_address(self) -> str:
        """Where the processes meet: on loopback if all are on one machine, whose name need not lead anywhere."""
        if os.environ.get("SLURM_NNODES", "1") == "1":
            return os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
        address: str = super().main_address
        return address
