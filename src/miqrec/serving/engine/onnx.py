"""The engine of exported files: ONNX Runtime and NumPy, in an installation without PyTorch."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from miqrec.data.catalogue import Catalogue
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig, Mix, with_changes
from miqrec.serving.engine.protocol import About, Listed, Query
from miqrec.serving.engine.ranking import best
from miqrec.serving.items import Ids, Items
from miqrec.system.checksums import hash_file
from miqrec.system.onnx_runtime import onnx_runtime

Floats = npt.NDArray[np.float32]

KEY = "miqrec"
"""Where the file says which items it knows, and how it is used (`miqrec.export.description`)."""


class OnnxEngine:
    """An exported file in ONNX Runtime; see `miqrec.serving.engine.protocol.Engine`.

    Its mixture of answers and their temperature are part of the graph, so that a request can't change them.
    """

    def __init__(self, session: Any, description: dict[str, Any], version: str) -> None:
        self._session, self._description = session, description
        self.about = About(description["model"]["name"], version, "onnxruntime")
        items = dict(description["items"])
        self.counts = np.array(items.pop("count"), np.int64)
        kinds: dict[str, pl.DataType] = {"title": pl.String(), "attributes": pl.List(pl.String)}
        self.catalogue = Catalogue(pl.DataFrame(items, schema_overrides=kinds))
        self.items = Items(self.catalogue, self.counts)
        self.item_column: str | None = description.get("item_column")
        self.inference = InferenceConfig(**description["inference"])

    @classmethod
    def load(cls, path: Path) -> "OnnxEngine":
        """Load an exported file.

        Raises:
            MiqrecError: It is damaged, or was not written by `miqrec export`.
        """
        runtime = onnx_runtime("serving-onnx")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        # Masked probabilities are some 1e-38, and processors are slow with numbers as small as that.
        options.add_session_config_entry("session.set_denormal_as_zero", "1")
        version = hash_file(path)[:12]
        try:
            session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            content = session.get_modelmeta().custom_metadata_map[KEY]
            return cls(session, json.loads(content), version)
        except Exception as error:  # ONNX Runtime raises errors of many kinds for a damaged file
            reason = str(error).strip().splitlines()[0]
            raise MiqrecError(
                f"{path} is no model that `miqrec export` wrote, or is damaged ({reason}); "
                "export it again"
            ) from error

    def choose(
        self, mix: Mix | None, temperature: float | None, *, with_probability: bool
    ) -> InferenceConfig:
        """Refuse what the graph can't do, and take the rest."""
        if mix is None and temperature is None and not with_probability:
            return self.inference
        asked = with_changes(self.inference, mix=mix, temperature=temperature)
        self._check_graph(asked)
        if with_probability and not self._description.get("probabilities"):
            raise MiqrecError(
                "this exported model ranks items without saying how likely they are; "
                "leave out the uncertainty"
            )
        if temperature is not None and not with_probability and not self._mixes:
            raise MiqrecError("a temperature changes nothing where a single answer counts")
        return asked

    def lists(self, queries: Sequence[Query]) -> list[Listed]:
        """Answer queries of the same `inference`, in one pass of the model."""
        newest = [query.history[-self._description["max_length"] :] for query in queries]
        lengths = np.array([len(history) for history in newest], np.int64)
        seen = [query.seen for query in queries]
        inputs = {"items": _padded(newest), "lengths": lengths, "excluded": _padded(seen)}
        [scores] = self._session.run(["scores"], inputs)  # (B, n_items + 1)
        if np.isnan(scores).any():
            raise MiqrecError(
                "the exported model gives scores that are no numbers; export it again"
            )
        return [self._list(query, row) for query, row in zip(queries, scores, strict=True)]

    @property
    def _mixes(self) -> bool:
        return bool(self._description.get("answers", 1) > 1)

    def _check_graph(self, asked: InferenceConfig) -> None:
        """See that the graph answers as a request asks."""
        own = self.inference
        is_same = self._weights(asked) == self._weights(own)
        if not is_same or (self._mixes and asked.temperature != own.temperature):
            raise MiqrecError(
                "an exported model mixes answers as it was exported to; "
                "export it with this --mix and --temperature, or serve the saved model"
            )

    def _weights(self, inference: InferenceConfig) -> object:
        """Give the weights of the answers, said or unsaid."""
        return inference.mix or ("trained" if self._mixes else (1.0,))

    def _list(self, query: Query, row: Floats) -> Listed:
        """Take one row's list; `row` is used up."""
        logs = None
        if query.with_probability and len(query.history):
            logs = row if self._mixes else row / query.inference.temperature
            logs = logs - _log_sum_exp(logs)
        if query.allowed is not None:
            row[~query.allowed] = -np.inf
        ids = best(row, query.k)
        probabilities = None if logs is None else np.exp(logs[ids]).tolist()
        return Listed(ids.tolist(), row[ids].tolist(), probabilities)


def _padded(rows: Sequence[Ids]) -> Ids:
    """Put rows of any length into one array, 0 behind the shorter ones; it has one column at least."""
    width = max(1, *(len(row) for row in rows)) if rows else 1
    filled = np.zeros((len(rows), width), np.int64)
    for place, row in enumerate(rows):
        filled[place, : len(row)] = row
    return filled


def _log_sum_exp(values: Floats) -> np.float32:
    largest = values.max()
    return np.float32(largest + np.log(np.exp(values - largest).sum()))
