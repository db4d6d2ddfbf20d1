r"""How likely held-out items are by a model's answers, at any temperature, and how that changes with it.

With b = 1 / temperature and scores s_j of the answer from j positions back, a mixture with weights a_j gives
a target t the probability p = sum_j a_j p_j, where p_j = softmax(b s_j)_t. The slope of -log p in b is

    sum_j r_j (E_j[s_j] - s_jt)        r_j = a_j p_j / p

where E_j is the mean under softmax(b s_j), and r_j is answer j's part in the target's probability. A model
with a single answer has r = 1.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from miqrec.data.batches.evaluation import EvaluationBatch, EvaluationExamples, evaluation_loader
from miqrec.data.histories import Questions
from miqrec.evaluation.evaluate import EVALUATION_BATCH, seen_targets
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.mixture import answer_shares
from miqrec.evaluation.ranking import EXCLUDED
from miqrec.evaluation.scoring import answer_weights, n_answers
from miqrec.models.protocol import Learner


class Answers(NamedTuple):
    """The answers to some questions before their softmaxes, and what these are to be judged by."""

    states: Tensor  # (B, n, D), the newest first
    shares: Tensor  # (B, n) the weights of the answers, which sum to 1
    targets: Tensor  # (B,)
    left_out: tuple[Tensor, Tensor]  # rows and items
    counted: Tensor  # (B,) bool, whether the target could be in a list


class Loss(NamedTuple):
    """The sum of -log p over the questions that count, and its slope in b."""

    value: float
    slope: float


def answers_to(
    model: Learner, questions: Questions, inference: InferenceConfig, device: torch.device | str
) -> list[Answers]:
    """Encode the questions, batch by batch, with the answers that the model mixes."""
    examples = EvaluationExamples(questions, model.max_length, inference.exclude_seen)
    loader = evaluation_loader(examples, EVALUATION_BATCH)
    batches = (EvaluationBatch(*(tensor.to(device) for tensor in batch)) for batch in loader)
    return [_answers(model, batch, inference) for batch in batches]


def loss_at(batches: Sequence[Answers], vectors: Tensor, b: float) -> Loss:
    """Compute the loss.

    Args:
        batches: what `answers_to` gave.
        vectors: (n_items + 1, D) float32.
        b: 1 / temperature.
    """
    losses = [_loss(batch, vectors, b) for batch in batches]
    return Loss(sum(loss.value for loss in losses), sum(loss.slope for loss in losses))


def _loss(batch: Answers, vectors: Tensor, b: float) -> Loss:
    answers = [_log_p_and_gap(batch, state, vectors, b) for state in batch.states.unbind(1)]
    log_p, gaps = (torch.stack(parts, 1) for parts in zip(*answers, strict=True))  # (B, n) each
    joint = log_p + batch.shares.log()
    losses = -joint.logsumexp(1)[batch.counted]
    slopes = (joint.softmax(1) * gaps).sum(1)[batch.counted]
    return Loss(float(losses.sum()), float(slopes.sum()))


def _answers(model: Learner, batch: EvaluationBatch, inference: InferenceConfig) -> Answers:
    n, lengths = n_answers(model, inference), batch.lengths.clamp(min=1)
    states, valid = model.last(batch.items, lengths, n), lengths.clamp(max=model.max_length)
    weights = answer_weights(model, states, valid, inference) if n > 1 else states.new_ones(1)
    counted = (batch.lengths > 0) & (batch.targets > 0)
    left_out = batch.seen_rows, batch.seen_items
    if inference.exclude_seen:
        counted &= ~seen_targets(batch)
    else:
        left_out = left_out[0][:0], left_out[1][:0]
    shares = answer_shares(weights, valid, n)
    return Answers(states.float(), shares, batch.targets, left_out, counted)


def _log_p_and_gap(
    batch: Answers, state: Tensor, vectors: Tensor, b: float
) -> tuple[Tensor, Tensor]:
    """Give one answer's log p_t and E[s] - s_t, (B,) each."""
    scores = state @ vectors.T  # (B, n_items + 1)
    targets = batch.targets.unsqueeze(1)
    masked = scores.clone()
    masked[batch.left_out] = masked[:, 0] = EXCLUDED
    log_p = masked.mul_(b).log_softmax(1)
    expected = (log_p.exp() * scores).sum(1)
    return log_p.gather(1, targets).squeeze(1), expected - scores.gather(1, targets).squeeze(1)
