"""One virtual environment a peer, with the versions in `requirements/`, made when it is missing.

python -m benchmarks.peers.environments          # makes all of them: RecBole, RecTools, RePlay
python -m benchmarks.peers.environments rectools
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.harness.folders import BENCHMARKS

REQUIREMENTS = Path(__file__).parent / "requirements"
CPU_BUILDS = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]


def python_of(environment: str | None) -> str:
    """Return the interpreter of an environment, or the running one where there is none."""
    if environment is None:
        return sys.executable
    return str(_folder(environment) / "bin" / "python")


def make(environment: str) -> None:
    """Make a peer's environment, unless it is there with these very versions.

    Raises:
        SystemExit: If the peers have no releases for the running Python.
        CalledProcessError: If pip fails.
    """
    folder, requirements = _folder(environment), REQUIREMENTS / f"{environment}.txt"
    made = folder / hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    if made.exists():
        return
    if sys.version_info >= (3, 13):
        raise SystemExit(
            f"{environment}'s pinned versions are for Python 3.11 and 3.12: run this with one of them"
        )
    print(f"making {folder} (1.3 to 1.8 GB)", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    _install(folder, requirements)
    made.touch()


def _folder(environment: str) -> Path:
    return BENCHMARKS / ".venvs" / environment


def _install(folder: Path, requirements: Path) -> None:
    """Install PyTorch first, in its CPU build where there is no NVIDIA GPU, then everything that is named."""
    pip = [str(folder / "bin" / "pip"), "install", "-q", "--no-deps"]
    torch = next(
        line
        for line in requirements.read_text(encoding="utf-8").split()
        if line.startswith("torch==")
    )
    cpu = [] if shutil.which("nvidia-smi") else ["--retries", "1", *CPU_BUILDS]
    if subprocess.run([*pip, *cpu, torch], check=False).returncode:
        subprocess.run([*pip, torch], check=True)
    subprocess.run([*pip, "-r", str(requirements)], check=True)


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(file.stem for file in REQUIREMENTS.glob("*.txt")):
        make(name)
