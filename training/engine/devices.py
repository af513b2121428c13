"""Where training runs: the device, the precision and the processes, as Lightning Fabric sets them up."""

from __future__ import annotations

import logging

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.utilities.exceptions import MisconfigurationException

from training.core.errors import RunError
from training.engine.processes import layout, under_srun
from training.engine.srun import Srun
from training.recipes.scratch import Training

logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it reports precision and processes, as our runs do

REFUSALS = (ValueError, RuntimeError, MisconfigurationException, ModuleNotFoundError)
"""What Fabric raises for a device that this machine lacks; the last where a library of a TPU is missing."""


def precision_of(training: Training) -> str:
    """The precision a recipe asks for on this machine, in Fabric's terms."""
    if training.precision != "auto":
        return training.precision
    supported = torch.cpu.get_capabilities()
    return "bf16-mixed" if supported.get("avx512_bf16") or supported.get("amx_bf16") else "32-true"


def device_named(name: str) -> torch.device:
    """The device that Fabric's accelerator of that name means for one process.

    Raises:
        RunError: If this machine has no such device.
    """
    try:
        return Fabric(accelerator=name, devices=1).device
    except REFUSALS as error:
        raise _no_device(name, error) from error


def _no_device(name: str, error: Exception) -> RunError:
    return RunError(f"device '{name}': {str(error).splitlines()[0]}")


def fabric_for(training: Training, device: str, devices: str | int) -> Fabric:
    """Devices and precision; `device` and `devices` are Fabric's `accelerator` and `devices`.

    Under torchrun or srun their processes train together, and `devices` may stay `auto`.

    Raises:
        RunError: If this machine has no such device, or a batch is smaller than the number of processes.
    """
    wanted = layout(devices)
    # otherwise Fabric takes a batch script's only process for one of several tasks of srun, and waits for the others
    group = (Srun if under_srun() else TorchElasticEnvironment) if wanted.launched else LightningEnvironment
    try:
        fabric = Fabric(
            accelerator=device, devices=wanted.devices, num_nodes=wanted.nodes, strategy=wanted.strategy,
            precision=precision_of(training), plugins=[group()],  # type: ignore[arg-type]
        )  # fmt: skip
        fabric.launch()
    except REFUSALS as error:
        raise _no_device(device, error) from error
    if fabric.world_size > training.batch_size:
        raise RunError(f"{fabric.world_size} processes are more than a batch has samples: {training.batch_size}")
    return fabric
