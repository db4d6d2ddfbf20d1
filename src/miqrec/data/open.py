"""The one door for data: a name, a path, a data frame or histories become a Dataset."""

import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import field_validator

from miqrec.config import Config
from miqrec.data.cache import kept_in_cache, stem
from miqrec.data.dataset import Dataset, is_saved_dataset, read_saved_dataset
from miqrec.data.demo.generate import generate
from miqrec.data.encoding import build_dataset
from miqrec.data.filters import Filters
from miqrec.data.named.check import check_size
from miqrec.data.named.definitions import DATASETS
from miqrec.data.named.fetch import find
from miqrec.data.preparing import prepare
from miqrec.data.reading.columns import Columns
from miqrec.data.reading.histories import are_histories, read_histories
from miqrec.data.reading.interactions import read_interactions
from miqrec.data.reading.items import read_items
from miqrec.data.sessions import by_sessions
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.system.forks import refuse_stuck_process


class DataConfig(Config):
    """What it takes to read the same data again."""

    source: str | None
    """A data set's name, or the absolute path of a file, a folder or a saved data set; None for what is in
    memory."""
    columns: Columns = Columns()
    filters: Filters | None = None
    """Which interactions count; None for what the source says itself, which is all unless it is a
    named data set that is made from a raw log."""
    items: str | None = None
    """A file with titles and attributes; None for what the source has itself, or a data frame."""

    @field_validator("source", "items")
    @classmethod
    def _paths_are_absolute(cls, place: str | None) -> str | None:
        """Make paths absolute, so that a run or a saved model finds its data from any folder."""
        return place if place is None or is_named(place) else str(Path(place).absolute())


def open_dataset(
    config: DataConfig | str | Path,
    frame: Any = None,
    items: Any = None,
    *,
    data_dir: Path | None = None,
    cache: Path | None = None,
) -> Dataset:
    """Read, filter and number a data set; whatever `config` says is honoured or refused.

    Args:
        config: The source and how to read it; a data set's name or a path is enough.
        frame: The interactions themselves where `config.source` is None: a data frame (pandas,
            Polars, Arrow, or another that narwhals takes); histories, as lists, arrays or a dictionary
            from user to items, see `miqrec.data.reading.histories.flatten`; or a `Dataset`, which is
            returned.
        items: Titles and attributes, a data frame or a path, where `config.items` is None.
        data_dir: Where named data sets are looked for first, see `miqrec.data.named.fetch.find`.
        cache: A folder that keeps what was prepared from files and opens it memory-mapped the next
            time; None prepares it in memory.

    Raises:
        MiqrecError: If there is no such source, it can't be read, nothing is left of it, or an option
            doesn't apply to it.
    """
    refuse_stuck_process()
    if not isinstance(config, DataConfig):
        config = DataConfig(source=str(config))
    if (config.source is None) == (frame is None):
        raise MiqrecError("give data: either a source's name or path, or a data frame")
    if config.items is not None and items is not None:
        raise MiqrecError("items are given twice, as a path and as a data frame; give one")
    config = resolve(config, data_dir=data_dir)
    items = config.items if items is None else items
    if isinstance(frame, Dataset):
        _refuse_options(config, items, "a Dataset")
        return frame
    if config.source is None:
        return _prepare(config, frame, items, "data")
    if is_named(config.source):
        return _open_named(config, config.source, items, data_dir, cache)
    path = Path(config.source)
    if is_saved_dataset(path):
        _refuse_options(config, items, f"{path}, a saved data set,")
        return read_saved_dataset(path)
    return _prepare_files(config, path, items, stem(path), cache)


def resolve(config: DataConfig, *, data_dir: Path | None = None) -> DataConfig:
    """Return the config with the filters that its source has where none are given.

    Those of a named data set depend on the file that it is made from, which is fetched if need be.

    Raises:
        MiqrecError: As `miqrec.data.named.fetch.find`.
    """
    if config.filters is not None:
        return config
    filters = Filters()
    if config.source is not None and is_named(config.source) and DATASETS[config.source].sources:
        filters = find(config.source, data_dir).source.filters
    return config.model_copy(update={"filters": filters})


def source_or_frame(data: Any) -> tuple[str | None, Any]:
    """Split what a caller gives as data into a source's name or path and what is in memory."""
    return (str(data), None) if isinstance(data, str | Path) else (None, data)


def for_other_data(
    config: DataConfig, source: str | None, frame: Any = None, *, served: bool = False
) -> DataConfig:
    """Return the config that reads other data as `config` reads its own.

    Columns and filters stay the same; what belongs to one file, its separator and the descriptions of
    its items, does not. Histories have no columns. Those who are `served` are not filtered, since the
    model's catalogue alone decides what is known.
    """
    if served:
        config = config.model_copy(update={"filters": Filters()})
    columns = config.columns.model_copy(update={"separator": None, "attributes": None})
    if are_histories(frame):
        columns = Columns()
    return config.model_copy(update={"source": source, "columns": columns, "items": None})


def is_named(source: str) -> bool:
    """Return whether a source is a named data set's name, and no file or folder is called so."""
    return source in DATASETS and not Path(source).exists()


def _open_named(
    config: DataConfig, name: str, items: Any, data_dir: Path | None, cache: Path | None
) -> Dataset:
    """Make a named data set with its own items unless others are given."""
    if not DATASETS[name].sources:
        demo = generate()
        return _prepare(config, demo.interactions, demo.items if items is None else items, name)
    files = find(name, data_dir)
    with warnings.catch_warnings():
        if items is None:
            # MovieLens and Last.fm describe items that nobody used: nothing to worry about.
            warnings.filterwarnings("ignore", ".* have no interactions", MiqrecWarning)
            items = files.items
        dataset = _prepare_files(config, files.interactions, items, name, cache)
    if config == DataConfig(source=name, filters=files.source.filters, items=config.items):
        check_size(name, dataset)
    return dataset


def _prepare_files(
    config: DataConfig, path: Path, items: Any, name: str, cache: Path | None
) -> Dataset:
    """Prepare a file or folder, through the cache where there is one and the items are a file."""
    if not path.exists():
        raise MiqrecError(
            f"{path} does not exist; check the path, or give one of the data sets "
            f"{', '.join(DATASETS)}"
        )
    prepare_it = partial(_prepare, config, path, items, name)
    if cache is None or not isinstance(items, str | Path | None):
        return prepare_it()
    files = [path] if items is None else [path, Path(items)]
    options = config.model_copy(update={"source": None, "items": None})
    return replace(kept_in_cache(cache, files, options, prepare_it), name=name)


def _prepare(config: DataConfig, source: Any, items: Any, name: str) -> Dataset:
    """Read, filter and number a path, a data frame or histories."""
    columns = config.columns
    if columns.attributes is not None and items is None:
        raise MiqrecError("attributes are columns of the items; give items, a file or a data frame")
    if are_histories(source):
        _check_columns_of_histories(columns)
        source = read_histories(source)
    interactions = by_sessions(read_interactions(source, columns, name=_called(name)), columns)
    described = None if items is None else read_items(items, columns)
    return build_dataset(prepare(interactions, config.filters), described, name)


def _called(name: str) -> str | None:
    """Return what messages call a data frame: the demo by its name, others not."""
    return name if name in DATASETS else None


def _check_columns_of_histories(columns: Columns) -> None:
    if columns.model_copy(update={"attributes": None}) != Columns():
        raise MiqrecError(
            "histories have no columns to name, and no sessions; give a data frame, or leave the names out"
        )


def _refuse_options(config: DataConfig, items: Any, what: str) -> None:
    """Refuse what can't be done to data that are prepared already."""
    given = {
        "columns": config.columns != Columns(),
        "filters": config.filters not in (None, Filters()),
        "items": items is not None,
    }
    if named := [option for option, is_given in given.items() if is_given]:
        raise MiqrecError(
            f"{what} is prepared already, so {' and '.join(named)} can't be applied to it; "
            "leave them out, or give the data that it was made from"
        )
