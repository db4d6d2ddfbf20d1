"""The name of the machine that numbers were measured on. Standard library only."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path


def machine() -> dict[str, object]:
    """Return processor, cores, memory, system, date and the commit of the code."""
    return {
        "processor": processor(),
        "cores": cores(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(),
    }


def processor() -> str:
    """Return the processor's name, with its family and model, since the name often says little."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor()
    facts = [
        line.split(":", 1)
        for line in cpuinfo.read_text(encoding="utf-8").splitlines()
        if ":" in line
    ]
    first = {name.strip(): value.strip() for name, value in reversed(facts)}
    return (
        f"{first.get('model name')} (family {first.get('cpu family')}, model {first.get('model')})"
    )


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def commit() -> str:
    """Return the commit that is checked out, marked "dirty" where files differ from it."""
    here = Path(__file__).parent
    command = ["git", "-C", str(here), "describe", "--always", "--dirty", "--exclude=*"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "unknown"
