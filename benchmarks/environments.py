"""One virtual environment a peer, with the versions in `requirements/`, made when it is missing.

python -m benchmarks.environments          # all of them; RecTools and RecBole
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CPU_BUILDS = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]


def python_of(side: str) -> str:
    """The interpreter that runs a side: this one for ours, its own for a peer."""
    if not (HERE / "requirements" / f"{side}.txt").exists():
        return sys.executable
    return str(HERE / ".venvs" / side / "bin" / "python")


def make(side: str) -> None:
    """Make a peer's environment, unless it is there with these very versions.

    Raises:
        SystemExit: for a Python that the peers have no releases for.
        CalledProcessError: where pip fails.
    """
    requirements = HERE / "requirements" / f"{side}.txt"
    folder = HERE / ".venvs" / side
    made = folder / hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    if made.exists():
        return
    if sys.version_info >= (3, 13):
        raise SystemExit(f"{side} needs numpy below 2: run the benchmarks with Python 3.11 or 3.12")
    print(f"making {folder} (about 1.4 GB)", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    _install(folder, requirements)
    made.touch()


def _install(folder: Path, requirements: Path) -> None:
    """PyTorch first, in its CPU build where there is no NVIDIA GPU; all dependencies are named."""
    pip = [str(folder / "bin" / "pip"), "install", "-q", "--no-deps"]
    torch = next(line for line in requirements.read_text().split() if line.startswith("torch=="))
    cpu = [] if shutil.which("nvidia-smi") else ["--retries", "1", *CPU_BUILDS]
    if subprocess.run([*pip, *cpu, torch], check=False).returncode:
        subprocess.run([*pip, torch], check=True)
    subprocess.run([*pip, "-r", str(requirements)], check=True)


if __name__ == "__main__":
    for file in sorted((HERE / "requirements").glob("*.txt")):
        make(file.stem)
