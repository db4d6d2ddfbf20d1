"""What a study says of the demo, whose true interests and noise clicks are known."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import polars as pl

from miqrec.data.catalogue import Catalogue
from miqrec.data.dataset import Dataset
from miqrec.data.demo.generate import Demo, generate
from miqrec.data.encoding import build_dataset
from miqrec.data.histories import Questions
from miqrec.data.preparing import prepare
from miqrec.experiments.stability.findings import Interest
from miqrec.stability.planted import PlantedTruth, planted_truth, summarise_planted
from miqrec.system.tables import read_frame

PLANTED_FILE = "planted.parquet"
"""In a measurement's folder: what `measure_planted` returns."""


def known_truth(
    dataset: Dataset, catalogue: Catalogue, questions: Questions
) -> PlantedTruth | None:
    """Look up what users of the demo truly want; None for all other data.

    Args:
        dataset: what a model is asked about; the demo counts where it is whole.
        catalogue: the model's, which must number all of its items as the data do.
        questions: each asks for a user's last click.
    """
    if dataset.name != "demo" or not catalogue.frame["item"].equals(
        dataset.catalogue.frame["item"]
    ):
        return None
    demo, fingerprint = _demo()
    return planted_truth(demo, dataset, questions) if dataset.fingerprint == fingerprint else None


def find_interests(places: Mapping[str, Iterable[Path]]) -> Iterator[Interest]:
    """Average what was measured of each setting over its seeds, then over users.

    Args:
        places: the folders of a setting's measurements, by its label; one without such measurements is
            passed over.
    """
    for label, folders in places.items():
        files = [folder / PLANTED_FILE for folder in folders]
        if all(file.exists() for file in files):
            frame = (
                pl.concat(map(read_frame, files))
                .group_by("user", "after_noise", maintain_order=True)
                .mean()
            )
            for row in summarise_planted(frame).to_dicts():
                yield Interest(setting=label, margin=row.pop("added ±"), **row)


@cache
def _demo() -> tuple[Demo, str]:
    """Make the demo, and the fingerprint of its data set."""
    demo = generate()
    return demo, build_dataset(prepare(demo.interactions), demo.items, "demo").fingerprint
