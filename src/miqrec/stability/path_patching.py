"""What each path is worth to an odd item: lists and hits with some of the paths closed to it."""

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import polars as pl
import torch
from torch import Tensor

from miqrec.data.batches.evaluation import EvaluationBatch, EvaluationExamples, evaluation_loader
from miqrec.data.batches.seen import ExcludeSeen
from miqrec.data.histories import Questions, some_questions
from miqrec.errors import MiqrecError
from miqrec.evaluation.evaluate import EVALUATION_BATCH
from miqrec.evaluation.metrics import ndcg
from miqrec.evaluation.ranking import candidate_ranks, exclude, top_k
from miqrec.models.protocol import Model
from miqrec.models.transformer import Transformer
from miqrec.stability.paths import (
    PATHS,
    Inputs,
    Path,
    block_inputs,
    check_patchable,
    patched_state,
)
from miqrec.stability.similarity import frbo
from miqrec.system.progress import track

K = 10
"""The length of the lists."""
EVERY = "every"
"""Stands for all blocks at once."""
NOTHING = "nothing"
"""Stands for no path: the noisy history as the model reads it."""
BEFORE = "the answer before"
"""Stands for the noisy run's state at the item before the odd one, which a late mixture lets answer too."""


class Patch(NamedTuple):
    """Which paths come from the clean run, and in which blocks."""

    blocks: str  # "1", "2", ... or "every"
    paths: tuple[Path, ...]

    @property
    def name(self) -> str:
        """The paths as one text."""
        return " + ".join(self.paths) or NOTHING

    def by_block(self, n_blocks: int) -> list[Collection[Path]]:
        """List the paths of each block that come from the clean run."""
        numbers = map(str, range(1, n_blocks + 1))
        return [self.paths if self.blocks in (EVERY, number) else () for number in numbers]


def all_patches(n_blocks: int) -> list[Patch]:
    """List nothing, and each set of paths, in each block alone and in all of them."""
    alone = [str(block) for block in range(1, n_blocks + 1)] if n_blocks > 1 else []
    sets = [paths for size in (1, 2, 3) for paths in combinations(PATHS, size)]
    return [Patch(EVERY, ()), *(Patch(place, paths) for place in [*alone, EVERY] for paths in sets)]


@torch.inference_mode()
def measure_paths(
    model: Model,
    clean: Questions,
    noisy: Sequence[Questions],
    *,
    exclude_seen: ExcludeSeen = True,
    device: torch.device | str = "cpu",
) -> pl.DataFrame:
    """Compare the lists of patched runs with the clean ones, for every patch.

    Lists and ranks are of the items that the clean history leaves, whatever the noise.

    Args:
        model: a SASRec or an S3Rec, with one query or several.
        clean: the questions; those with an empty history are left out.
        noisy: the same questions in the same order, each history with an odd item at its end; one for each
            draw of the noise.
        exclude_seen: whether lists leave out what is in the history, or only that of some kinds of event.
        device: where to compute.

    Returns:
        A frame with a row for each patch and question: `blocks` ("1", "2", ..., "every"), `clean` (the
        paths that come from the clean run, such as "query + key-value"; "nothing"; or "the answer
        before"), `user` (internal number), and the means over draws of `FRBO@10` with the clean list
        and of `NDCG@10`.

    Raises:
        MiqrecError: the model's paths are not known, or no history has an item that it knows.
    """
    transformer = check_patchable(model)
    transformer.eval().to(device)
    rows = np.flatnonzero(clean.lengths > 0)
    if not len(rows):
        raise MiqrecError(
            "no history has an item that the model knows, so no list can change; give the data that the "
            "model was trained on, or some with the same items"
        )
    asked = EvaluationExamples(some_questions(clean, rows), model.max_length, exclude_seen)
    odd = [EvaluationExamples(some_questions(each, rows), model.max_length) for each in noisy]
    loader = evaluation_loader(asked, EVALUATION_BATCH)
    parts = []
    for cpu_batch in track(loader, "patching", len(loader)):
        batch = cpu_batch if exclude_seen else _without_seen(cpu_batch)
        places = batch.questions.numpy()
        noise = [_on(examples[places], device) for examples in odd]
        values = _compare(transformer, _on(batch, device), noise)
        users = pl.Series("user", clean.users[rows[places]])
        parts += [_frame(*key, users, value.cpu()) for key, value in values.items()]
    return pl.concat(parts)


def summarise_paths(frame: pl.DataFrame) -> pl.DataFrame:
    """Average over users: each metric's mean, and beside it half of its 95 % interval over users."""
    metrics = ("FRBO@10", "NDCG@10")
    half = [(1.96 * pl.col(name).std() / pl.len().sqrt()).alias(f"{name} ±") for name in metrics]
    means = frame.group_by("blocks", "clean", maintain_order=True)
    return means.agg(pl.col(metrics).mean(), *half, users=pl.len())


def _without_seen(batch: EvaluationBatch) -> EvaluationBatch:
    return batch._replace(seen_rows=batch.seen_rows[:0], seen_items=batch.seen_items[:0])


def _on(batch: EvaluationBatch, device: torch.device | str) -> EvaluationBatch:
    return EvaluationBatch(*(tensor.to(device) for tensor in batch))


def _frame(blocks: str, clean: str, users: pl.Series, values: Tensor) -> pl.DataFrame:
    """Write down the values (2, B) of one patch."""
    return pl.DataFrame(
        {
            "blocks": pl.repeat(blocks, len(users), eager=True),
            "clean": pl.repeat(clean, len(users), eager=True),
            "user": users,
            "FRBO@10": values[0].numpy(),
            "NDCG@10": values[1].numpy(),
        }
    )


def _compare(
    model: Transformer, batch: EvaluationBatch, noise: Sequence[EvaluationBatch]
) -> dict[tuple[str, str], Tensor]:
    """Give FRBO@10 and NDCG@10 of each patch, (2, B), as means over the draws of the noise."""
    clean = block_inputs(model, batch.items, batch.lengths)
    clean_lists, _ = _lists(model, model.last(batch.items, batch.lengths).squeeze(1), batch)
    totals: dict[tuple[str, str], Tensor] = {}
    for odd in noise:
        for key, state in _states(model, odd, clean):
            lists, gains = _lists(model, state, batch)
            values = torch.stack([frbo(lists, clean_lists, K), gains])
            totals[key] = totals.get(key, 0) + values / len(noise)
    return totals


def _states(
    model: Transformer, odd: EvaluationBatch, clean: Sequence[Inputs]
) -> Iterator[tuple[tuple[str, str], Tensor]]:
    """Yield the newest state (B, D) of each patched run, with its blocks and the name of its patch."""
    noisy = block_inputs(model, odd.items, odd.lengths)
    for patch in all_patches(len(noisy)):
        state = patched_state(model, noisy, clean, patch.by_block(len(noisy)))
        yield (patch.blocks, patch.name), state
    yield (EVERY, BEFORE), model.last(odd.items, odd.lengths, 2)[:, 1]


def _lists(model: Transformer, states: Tensor, batch: EvaluationBatch) -> tuple[Tensor, Tensor]:
    """Give the lists (B, K) of these states, and the gain of each row's target in them, (B,)."""
    scores = states.float() @ model.item_vectors().float().T  # (B, n_items + 1)
    exclude(scores, batch.seen_rows, batch.seen_items)
    lists = top_k(scores, K)[1]
    return lists, ndcg(candidate_ranks(scores, batch.targets), K)  # which uses the scores up
