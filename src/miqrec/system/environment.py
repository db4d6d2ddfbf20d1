"""The machine: which device computes, what a run ran on, and how much memory it took."""

import os
import platform
import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version

import torch

from miqrec.config import Config
from miqrec.errors import MiqrecError
from miqrec.system.processor import cores, processor

PACKAGES = ("miqrec", "torch", "lightning", "polars", "numpy")

COUNTS: dict[str, Callable[[], int]] = {
    "cpu": lambda: 1,
    "cuda": torch.cuda.device_count,
    "mps": lambda: int(torch.backends.mps.is_available()),
}
"""How many devices of each kind there are."""


class Environment(Config):
    """What a run ran on, for whoever wants to repeat it: machine, versions, command and date."""

    date: str
    command: str
    python: str
    packages: dict[str, str]
    system: str
    processor: str
    cores: int
    threads: int
    device: str
    earlier_devices: tuple[str, ...] = ()  # others, where the run was begun and stopped


def environment(device: torch.device | None = None) -> Environment:
    """Describe this machine and this process, which computes on a device (by default the best)."""
    return Environment(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        command=_command(),
        python=platform.python_version(),
        packages={name: version(name) for name in PACKAGES},
        system=f"{platform.system()} {platform.machine()}",
        processor=processor(),
        cores=cores(),
        threads=torch.get_num_threads(),
        device=_name(device or best_device()),
    )


def _command() -> str:
    """Return what was typed; the name of the program is a file's in `python -m miqrec`."""
    program = os.path.basename(sys.argv[0])
    return shlex.join(["miqrec" if program == "__main__.py" else program, *sys.argv[1:]])


def best_device() -> torch.device:
    """Return the first NVIDIA GPU, or the CPU without one.

    Apple's GPU is never chosen by itself, since it has no float64 (see `require_float64`).
    """
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def choose_device(wanted: torch.device | str | None = None) -> torch.device:
    """Return the device that is asked for, or the best one if none is.

    Args:
        wanted: "cpu", "cuda", "cuda:1" or "mps", as text or as PyTorch's object.

    Raises:
        MiqrecError: If there is no such kind of device, or this machine has it not.
    """
    if wanted is None:
        return best_device()
    try:
        device = torch.device(wanted)
        present = COUNTS[device.type]()
    except (RuntimeError, KeyError) as error:
        raise MiqrecError(f"{wanted!r} is no device; give cpu, cuda, cuda:1 or mps") from error
    if (device.index or 0) >= present:
        raise MiqrecError(
            f"there is no device {wanted} here: PyTorch finds {present} of the kind {device.type}"
        )
    return device


def require_float64(device: torch.device, what: str) -> None:
    """Refuse Apple's GPU for what needs float64.

    Args:
        device: Where it would be computed.
        what: The subject of the sentence, as in "pre-training".

    Raises:
        MiqrecError: If the device has no float64.
    """
    if device.type == "mps":
        raise MiqrecError(f"{what} needs float64, which Apple's GPU (mps) has not; use device cpu")


def peak_mib(device: torch.device | None = None) -> float | None:
    """Return the MiB that the GPU, or for another device this process, has held at most.

    A process counts from its start, with its libraries and whatever ran in it before.

    Args:
        device: Where the work was done; by default the best device.

    Returns:
        None where nobody counts, as on Windows.
    """
    device = device or best_device()
    if device.type == "cuda":
        return round(torch.cuda.max_memory_allocated(device) / 2**20, 1)
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20, 1)


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
