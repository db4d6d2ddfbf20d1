"""Where a data set comes from: a name, a path or a data frame, and the options it is read with."""

from pathlib import Path
from typing import Any

from miqrec.config import Config
from miqrec.data.catalogue import Catalogue
from miqrec.data.dataset import Dataset
from miqrec.data.encoding import OnUnknown, encode_histories
from miqrec.data.filters import Filters
from miqrec.data.named import load as datasets
from miqrec.data.prepared import load_dataset
from miqrec.data.reading.columns import Columns


class DataConfig(Config):
    """What it takes to read the same data again."""

    source: str | None  # a name or a path; None for a data frame
    columns: Columns = Columns()
    filters: Filters = Filters()
    items: str | None = (
        None  # a file with titles and attributes; None for none, or for a data frame
    )


def open_source(
    source: Any,
    config: DataConfig,
    items: Any = None,
    *,
    data_dir: Path | None = None,
    cache: Path | None = None,
) -> Dataset:
    """Read a named data set, a file or folder, or a data frame.

    Args:
        source: the name, the path or the frame.
        config: how to read it; named data sets know that themselves.
        items: titles and attributes, a path or a frame.
        data_dir: where to look for the named data sets first.
        cache: a folder for the prepared, memory-mapped form of files; None keeps it in memory.

    Raises:
        MiqrecError: there is no such name or path, or what is there can't be read.
    """
    if isinstance(source, str | Path):
        if str(source) in datasets.NAMES and not Path(source).exists():
            return datasets.load(str(source), data_dir, cache)
        source = Path(source)
    return load_dataset(
        source, columns=config.columns, filters=config.filters, items=items, cache=cache
    )


def with_catalogue(
    dataset: Dataset, catalogue: Catalogue, on_unknown: OnUnknown = "skip"
) -> Dataset:
    """The same histories in the item numbers of another catalogue; unknown items as in `encode`."""
    items = dataset.catalogue.decode(dataset.sequences.items)
    lengths = dataset.sequences.lengths
    return encode_histories(dataset.users, items, lengths, catalogue, on_unknown, dataset.name)
