"""Signals of uncertainty for the questions of a split, beside what came of the lists."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import polars as pl
import torch
from torch import Tensor

from miqrec.data.batches.evaluation import EvaluationBatch, EvaluationExamples, evaluation_loader
from miqrec.data.batches.seen import ExcludeSeen
from miqrec.data.histories import Questions
from miqrec.errors import MiqrecError
from miqrec.evaluation.evaluate import EVALUATION_BATCH
from miqrec.evaluation.mixture import answer_shares, late_mixture
from miqrec.evaluation.probabilities import log_probabilities
from miqrec.evaluation.scoring import n_answers, score_items
from miqrec.evaluation.top_lists import ListRequest
from miqrec.models.protocol import learns
from miqrec.system.progress import track
from miqrec.uncertainty.conformal import (
    NONCONFORMITIES,
    Nonconformity,
    list_lengths,
    nonconformity,
)
from miqrec.uncertainty.queries import has_queries, newest_answers
from miqrec.uncertainty.signals import (
    disagreement,
    dispersion,
    entropy,
    list_probability,
    margin,
)

ANSWERS = 5
"""How many of the newest positions are compared, with equal weights, where the model mixes none."""

Columns = dict[str, Tensor]


def measure_signals(
    request: ListRequest, questions: Questions, *, device: torch.device | str = "cpu"
) -> pl.DataFrame:
    """Measure all signals of one pass, and what came of the list.

    Args:
        request: the model, the length k of the lists, and how the model is used.
        questions: histories and the items that followed them.
        device: where to compute.

    Returns:
        a frame in the order of the questions: `user` (internal number); the target's nonconformities
        `rank` (infinite for what no list would hold), `probability` and `cumulated`; `entropy`, `margin`
        and `list_probability` of the list; for a model with states `disagreement`, between the answers that
        the model mixes, or else between the newest five with equal weights; for one with several queries
        their `dispersion` and the entropy of their weights, `query_entropy`.

    Raises:
        MiqrecError: there are no questions, or as `score_items`.
    """

    def columns(batch: EvaluationBatch) -> Columns:
        log_p = _distribution(request, batch)
        fits = {kind: nonconformity(log_p, batch.targets, kind) for kind in NONCONFORMITIES}
        own = {
            "entropy": entropy(log_p),
            "margin": margin(log_p),
            "list_probability": list_probability(log_p, request.k),
        }
        return fits | own | _of_states(request, batch)

    return _measured(request.model.max_length, questions, columns, [request], device)


def measure_ensemble(
    requests: Sequence[ListRequest], questions: Questions, *, device: torch.device | str = "cpu"
) -> pl.DataFrame:
    """Measure how far several seeds of a model disagree, which takes a pass for each.

    Returns:
        a frame in the order of the questions: `user` and `ensemble`, their `disagreement`.

    Raises:
        MiqrecError: there is one seed only, or as `measure_signals`.
    """
    if len(requests) < 2:
        raise MiqrecError("an ensemble needs at least two models; give several seeds")
    shares = torch.full((len(requests),), 1 / len(requests), device=device)

    def columns(batch: EvaluationBatch) -> Columns:
        answers = (_distribution(request, batch) for request in requests)
        return {"ensemble": disagreement(answers, shares)}

    longest = max(request.model.max_length for request in requests)
    return _measured(longest, questions, columns, requests, device)


def measure_lists(
    request: ListRequest,
    questions: Questions,
    thresholds: Mapping[Nonconformity, float],
    *,
    device: torch.device | str = "cpu",
) -> pl.DataFrame:
    """Measure the lengths of conformal lists.

    Args:
        request: the model, and how it is used.
        questions: those of test.
        thresholds: of each nonconformity, from validation.
        device: where to compute.

    Returns:
        a frame in the order of the questions: `user`, and of each nonconformity the length of its list.

    Raises:
        MiqrecError: as `measure_signals`.
    """

    def columns(batch: EvaluationBatch) -> Columns:
        log_p = _distribution(request, batch)
        return {kind: list_lengths(log_p, thresholds[kind], kind) for kind in NONCONFORMITIES}

    return _measured(request.model.max_length, questions, columns, [request], device)


def _distribution(request: ListRequest, batch: EvaluationBatch) -> Tensor:
    """Compute the log-probabilities by which lists are made, (B, n_items + 1)."""
    model, inference = request.model, request.inference
    seen = batch.seen_rows, batch.seen_items
    scores = score_items(model, batch.items, batch.lengths, request.popularity, inference, seen)
    return log_probabilities(scores, model, inference)


def _of_states(request: ListRequest, batch: EvaluationBatch) -> Columns:
    """Compare the answers of several positions, and of several queries where there are any."""
    model = request.model
    if not learns(model):
        return {}
    lengths = batch.lengths.clamp(min=1)
    found = {"disagreement": _between_positions(request, batch, lengths)}
    if has_queries(model):
        outputs, alpha = newest_answers(model, batch.items, lengths)  # type: ignore[arg-type]
        found |= {"dispersion": dispersion(outputs), "query_entropy": entropy(alpha.log())}
    return found


def _between_positions(request: ListRequest, batch: EvaluationBatch, lengths: Tensor) -> Tensor:
    """Compute the disagreement of the newest positions' answers, (B,)."""
    model, inference = request.model, request.inference
    valid = lengths.clamp(max=model.max_length)
    n = n_answers(model, inference)
    n = min(n if n > 1 else ANSWERS, int(valid.max()))
    states = model.last(batch.items, lengths, n)  # type: ignore[attr-defined]
    if n_answers(model, inference) == 1:
        weights = states.new_full((n,), 1 / n)
    elif isinstance(inference.mix, tuple):
        weights = states.new_tensor(inference.mix[:n])
    else:
        weights = model.mixture(states, valid)  # type: ignore[attr-defined]
    alone = states.new_ones(1)
    answers = (
        late_mixture(
            *(states[:, j : j + 1], model.item_vectors(), alone, valid),  # type: ignore[attr-defined]
            seen=(batch.seen_rows, batch.seen_items) if inference.exclude_seen else None,
            temperature=inference.temperature,
        )
        for j in range(n)
    )
    return disagreement(answers, answer_shares(weights, valid, n))


@torch.inference_mode()
def _measured(
    max_length: int,
    questions: Questions,
    columns: Callable[[EvaluationBatch], Columns],
    requests: Sequence[ListRequest],
    device: torch.device | str,
) -> pl.DataFrame:
    """Put the columns of all batches together, in the order of the questions."""
    if not len(questions.users):
        raise MiqrecError("there are no questions, so there is nothing to measure; give some")
    for request in requests:
        request.model.eval().to(device)
    exclude_seen = requests[0].inference.exclude_seen
    parts = [
        pl.DataFrame(
            {name: values.cpu().numpy() for name, values in columns(batch).items()}
        ).insert_column(0, pl.Series("question", batch.questions.cpu().numpy()))
        for batch in _batches(max_length, questions, exclude_seen, device)
    ]
    ordered = pl.concat(parts).sort("question").drop("question")
    return ordered.insert_column(0, pl.Series("user", questions.users))


def _batches(
    max_length: int, questions: Questions, exclude_seen: ExcludeSeen, device: torch.device | str
) -> Iterator[EvaluationBatch]:
    examples = EvaluationExamples(questions, max_length, exclude_seen)
    loader = evaluation_loader(examples, EVALUATION_BATCH)
    for batch in track(loader, "measuring", len(loader)):
        yield EvaluationBatch(*(tensor.to(device) for tensor in batch))
