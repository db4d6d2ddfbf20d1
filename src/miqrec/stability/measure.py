"""Measure how a recommender's lists and ranks change when noise gets into the histories.

Clean and noisy histories are asked for the same candidates, those that the clean history leaves. Otherwise
the similarity of two lists would count what exclusion did.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
import torch
from torch import Tensor

from miqrec.data.batches.order import ByLength
from miqrec.data.batches.seen import seen_pairs
from miqrec.data.batches.slicing import pad
from miqrec.data.histories import Integers, Questions, some_questions
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.ranking import candidate_ranks, top_k
from miqrec.evaluation.scoring import score_mixes
from miqrec.evaluation.top_lists import ListRequest
from miqrec.stability.draws import check_seed
from miqrec.stability.perturbations import PERTURBATIONS, Perturbation, read_perturbations
from miqrec.stability.perturbing import perturb
from miqrec.stability.similarity import frbo, jaccard
from miqrec.system.progress import track

BATCH = 256
"""Questions answered at a time: questions x items is never held whole."""

LISTED = 10
"""How long the lists are that are compared, unless a caller asks for others."""


class Noise(NamedTuple):
    """A perturbation, and what decides its draws."""

    perturbation: Perturbation
    counts: Integers  # (n_items,) how often each item occurs in training
    seed: int
    draw: int


class Answers(NamedTuple):
    """What a recommender answers to questions, in their order."""

    lists: Tensor  # (n, k) internal ids, best first, 0 where there are fewer candidates
    ranks: Tensor  # (n,) int64, of the targets; n_items for what no list would hold


def measure_stability(
    request: ListRequest,
    questions: Questions,
    counts: Integers,
    perturbations: Sequence[Perturbation | str] = PERTURBATIONS,
    *,
    draws: int = 5,
    seed: int = 0,
    device: torch.device | str = "cpu",
) -> pl.DataFrame:
    """Compare lists and ranks after noise with those after the clean histories.

    The clean pass is made once. Each draw of each perturbation takes 1.3 to 1.4 evaluations more
    (benchmarks/README.md).

    Args:
        request: the model, the length k of the lists, and how the model is used.
        questions: clean histories and the items that followed them.
        counts: (n_items,) how often each item occurs in training, by which popular ones are drawn.
        perturbations: what is done to the histories, by name or as they are; repeats count once.
        draws: how often each is drawn; one that leaves nothing to chance is measured once.
        seed: the seed of the noise.
        device: where to compute.

    Returns:
        a frame with a row for each perturbation, draw and question: `noise` (the perturbation's name),
        `draw`, `question` (its place), `user` (internal number), `frbo` and `jaccard` (of the lists with the
        clean ones, at k), `rank` of the target under noise, and `clean_rank`.

    Raises:
        MiqrecError: there is no draw or no such noise, the catalogue is too small for the lists or has none
            of the targets, or as `perturb` and `score_mixes`.
    """
    noises = [Noise(noise, counts, seed, 0) for noise in read_perturbations(perturbations)]
    check_draws(draws, seed)
    check_questions(questions, request.k)
    way = (request.inference,)
    clean = answers_each_way(request, way, questions, device=device)
    return pl.concat(
        measure_noise(request, way, questions, clean, noise, draws, device)[0] for noise in noises
    )


def measure_noise(
    request: ListRequest,
    inferences: Sequence[InferenceConfig],
    questions: Questions,
    clean: Sequence[Answers],
    noise: Noise,
    draws: int,
    device: torch.device | str = "cpu",
) -> list[pl.DataFrame]:
    """Measure one perturbation, draws 0 to `draws` - 1, for several ways to use a model at once.

    Args:
        request: the model and the length of the lists.
        inferences: the ways to use it, which share the work of encoding the histories.
        questions: clean histories and targets.
        clean: the answers to them, for each way.
        noise: the perturbation; its draw is replaced.
        draws: how often it is drawn.
        device: where to compute.

    Returns:
        for each way what `measure_stability` returns.
    """
    check_draws(draws, noise.seed)
    name, parts = noise.perturbation.name, []
    for draw in range(draws if noise.perturbation.is_random else 1):
        drawn = noise._replace(draw=draw)
        noisy = answers_each_way(request, inferences, questions, drawn, device)
        labels = pl.lit(name).alias("noise"), pl.lit(draw).alias("draw")
        parts.append(
            [
                _compared(questions, *pair).select(*labels, pl.all())
                for pair in zip(clean, noisy, strict=True)
            ]
        )
    return [pl.concat(of_way) for of_way in zip(*parts, strict=True)]


def check_draws(draws: int, seed: int) -> None:
    """See that noise can be drawn so often from this seed.

    Raises:
        MiqrecError: there is no draw, or the seed is below 0.
    """
    if draws < 1:
        raise MiqrecError(f"{draws} draws measure nothing: give at least 1")
    check_seed(seed)


def check_questions(questions: Questions, k: int = LISTED) -> None:
    """See that lists of k items can be made, and that some could hold what they should.

    Raises:
        MiqrecError: the catalogue is smaller, or has none of the targets.
    """
    if questions.n_items < k:
        raise MiqrecError(
            f"the model knows {questions.n_items} items, too few for the lists of {k} that are compared; "
            "train on data with more items, or filter less"
        )
    if not questions.targets.any():
        raise MiqrecError(
            "the model knows none of the held-out items, so there is nothing to measure; bring the data that "
            "it was trained on, or data with the same items"
        )


def answers(
    request: ListRequest,
    questions: Questions,
    noise: Noise | None = None,
    device: torch.device | str = "cpu",
) -> Answers:
    """List the k best items for each question and rank its target, as `answers_each_way` does."""
    return answers_each_way(request, (request.inference,), questions, noise, device)[0]


@torch.inference_mode()
def answers_each_way(
    request: ListRequest,
    inferences: Sequence[InferenceConfig],
    questions: Questions,
    noise: Noise | None = None,
    device: torch.device | str = "cpu",
) -> list[Answers]:
    """List the k best items for each question and rank its target, from the same scores.

    Args:
        request: the model and k.
        inferences: the ways to use it, which share the work of encoding the histories, and leave out items
            of the same kinds of event.
        questions: clean histories and targets.
        noise: what is done to the histories that the model reads; what it may recommend stays the same.
        device: where to compute.

    Returns:
        the answers for each way.
    """
    request.model.eval().to(device)
    n = len(questions.users)
    found = [
        Answers(torch.empty(n, request.k, dtype=torch.int64), torch.empty(n, dtype=torch.int64))
        for _ in inferences
    ]
    batches = ByLength(questions.lengths, BATCH)
    for rows in track(batches, noise.perturbation.name if noise else "clean lists", len(batches)):
        part = some_questions(questions, rows)
        answered = _answers(request, inferences, part, noise, device)
        for (lists, ranks), (some_lists, some_ranks) in zip(found, answered, strict=True):
            lists[rows], ranks[rows] = some_lists, some_ranks
    return found


def _answers(
    request: ListRequest,
    inferences: Sequence[InferenceConfig],
    clean: Questions,
    noise: Noise | None,
    device: torch.device | str,
) -> Iterator[Answers]:
    """Answer a batch of questions in each way; ranks are counted last, as that uses up the scores."""
    read = clean
    if noise:
        read = perturb(clean, noise.perturbation, noise.counts, seed=noise.seed, draw=noise.draw)
    lengths = np.minimum(read.lengths, request.model.max_length)
    items = pad(read.items, read.stops - lengths, lengths).to(device)  # (B, L)
    every = np.arange(len(clean.users))
    pairs = seen_pairs(clean, every, inferences[0].exclude_seen)
    seen = pairs[0].to(device), pairs[1].to(device)
    known, targets = (
        torch.from_numpy(numbers.astype(np.int64)).to(device)
        for numbers in (lengths, clean.targets)
    )
    for scores in score_mixes(request.model, items, known, request.popularity, inferences, seen):
        lists, last = top_k(scores, request.k)[1], scores.shape[1] - 1
        ranks = candidate_ranks(scores, targets).clamp(max=last)  # what is left out is a miss
        yield Answers(lists.cpu(), ranks.cpu())


def _compared(questions: Questions, clean: Answers, noisy: Answers) -> pl.DataFrame:
    k = clean.lists.shape[1]
    return pl.DataFrame(
        {
            "question": np.arange(len(questions.users)),
            "user": questions.users,
            "frbo": frbo(clean.lists, noisy.lists, k).numpy(),
            "jaccard": jaccard(clean.lists, noisy.lists, k).numpy(),
            "rank": noisy.ranks.numpy(),
            "clean_rank": clean.ranks.numpy(),
        }
    )
