"""Slurm's tasks as processes that train together, however they were requested."""

from __future__ import annotations

import os

from lightning_fabric.plugins.environments.slurm import SLURMEnvironment


class Srun(SLURMEnvironment):
    """Fabric's own environment insists on `--ntasks-per-node`; this one relies on what srun started."""

    @staticmethod
    def _validate_srun_variables() -> None:
        """`--ntasks` is enough; `training.engine.processes.layout` has checked that all machines have equally many."""

    def validate_settings(self, num_devices: int, num_nodes: int) -> None:
        """`layout` took both from Slurm itself."""

    @property
    def main_address(self) -> str:
        """Where the processes meet: loopback if all are on one machine, whose name may not resolve."""
        if os.environ.get("SLURM_NNODES", "1") == "1":
            return os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
        address: str = super().main_address
        return address
