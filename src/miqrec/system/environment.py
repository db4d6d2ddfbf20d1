"""What a run ran on, for whoever wants to repeat it."""

import os
import platform
import shlex
import sys
from datetime import UTC, datetime
from importlib.metadata import version

import torch

from miqrec.config import Config

PACKAGES = ("miqrec", "torch", "lightning", "polars", "numpy")


class Environment(Config):
    """The machine, the versions, the command and the date."""

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


def environment() -> Environment:
    """Describe this machine and this process."""
    return Environment(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        command=_command(),
        python=platform.python_version(),
        packages={name: version(name) for name in PACKAGES},
        system=f"{platform.system()} {platform.machine()}",
        processor=processor(),
        cores=len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        threads=torch.get_num_threads(),
        device=_device(),
    )


def _command() -> str:
    """What was typed; `python -m miqrec` has a file for its name."""
    program = os.path.basename(sys.argv[0])
    return shlex.join(["miqrec" if program == "__main__.py" else program, *sys.argv[1:]])


def best_device() -> torch.device:
    """CUDA where there is one, then MPS, then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def peak_mib() -> float | None:
    """MiB that the GPU, or without one this process, has held at most; None where nobody counts.

    A process counts from its start, with its libraries and whatever ran in it before.
    """
    if best_device().type == "cuda":
        return round(torch.cuda.max_memory_allocated() / 2**20, 1)
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20, 1)


def _device() -> str:
    device = best_device()
    return torch.cuda.get_device_name() if device.type == "cuda" else device.type


def processor() -> str:
    """What the CPU calls itself."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(
                line.split(":")[1].strip() for line in lines if line.startswith("model name")
            )
    except (OSError, StopIteration):
        return platform.processor()
