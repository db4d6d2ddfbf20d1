"""The published experiments, a TOML file each."""

from pathlib import Path

FOLDER = Path(__file__).parent


def study_names() -> list[str]:
    """List the studies that come with miqrec."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))
