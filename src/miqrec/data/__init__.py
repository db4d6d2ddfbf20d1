"""Data: from logs of any format to sequences, splits and batches.

A name is imported when it is asked for; reading data needs no PyTorch.
"""

from typing import TYPE_CHECKING

from miqrec.system.lazy import lazy_names

if TYPE_CHECKING:
    from miqrec.data.catalogue import Catalogue
    from miqrec.data.counts import Statistics, statistics
    from miqrec.data.dataset import Dataset
    from miqrec.data.demo.generate import Demo, DemoConfig, generate
    from miqrec.data.encoding import build_dataset, with_catalogue
    from miqrec.data.filters import Filters
    from miqrec.data.histories import Histories, Questions
    from miqrec.data.open import DataConfig, open_dataset
    from miqrec.data.preparing import prepare
    from miqrec.data.reading.columns import Columns
    from miqrec.data.reading.histories import read_histories
    from miqrec.data.reading.interactions import read_interactions
    from miqrec.data.reading.items import read_items
    from miqrec.data.sequences import Sequences
    from miqrec.data.split_config import SplitConfig
    from miqrec.data.splitting import Splits, split

__all__ = [
    "Catalogue",
    "Columns",
    "DataConfig",
    "Dataset",
    "Demo",
    "DemoConfig",
    "Filters",
    "Histories",
    "Questions",
    "Sequences",
    "SplitConfig",
    "Splits",
    "Statistics",
    "build_dataset",
    "generate",
    "open_dataset",
    "prepare",
    "read_histories",
    "read_interactions",
    "read_items",
    "split",
    "statistics",
    "with_catalogue",
]

__getattr__ = lazy_names(
    __name__,
    {
        "miqrec.data.catalogue": ["Catalogue"],
        "miqrec.data.counts": ["Statistics", "statistics"],
        "miqrec.data.dataset": ["Dataset"],
        "miqrec.data.demo.generate": ["Demo", "DemoConfig", "generate"],
        "miqrec.data.encoding": ["build_dataset", "with_catalogue"],
        "miqrec.data.filters": ["Filters"],
        "miqrec.data.histories": ["Histories", "Questions"],
        "miqrec.data.open": ["DataConfig", "open_dataset"],
        "miqrec.data.preparing": ["prepare"],
        "miqrec.data.reading.columns": ["Columns"],
        "miqrec.data.reading.histories": ["read_histories"],
        "miqrec.data.reading.interactions": ["read_interactions"],
        "miqrec.data.reading.items": ["read_items"],
        "miqrec.data.sequences": ["Sequences"],
        "miqrec.data.split_config": ["SplitConfig"],
        "miqrec.data.splitting": ["Splits", "split"],
    },
)
