"""Whether an exported file gives the scores of the model, on random histories of every kind of length."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.scoring import score_items
from miqrec.export.graph import Answers
from miqrec.models.protocol import Model
from miqrec.nn.padding import valid

TOLERANCE = 1e-4
"""How far a score may be from the model's own, as a share of it where it is above 1."""

Run = Callable[[Tensor, Tensor, Tensor], Answers]
"""(items (B, L), lengths (B,), excluded (B, E)) -> what the exported file answers."""


def example(model: Model) -> tuple[Tensor, Tensor, Tensor]:
    """Make the inputs that a graph is traced with; their sizes and values don't matter."""
    length = min(model.max_length, 7)
    return _inputs([length, 1, length], length + 1, n_items=1)


@torch.no_grad()
def largest_difference(
    model: Model, popularity: Tensor, inference: InferenceConfig, run: Run
) -> float:
    """Compare with the model's own scores, and its lists, after short, long and empty histories.

    Raises:
        MiqrecError: A score differs by more than `TOLERANCE`.
    """
    longest, n_items = model.max_length, len(popularity) - 1
    cases = ([1], [2, 1, 0], [longest, 1, max(longest // 2, 1)], [longest + 3, 0])
    left_out = inference.model_copy(update={"exclude_seen": True})
    worst = 0.0
    for lengths in cases:
        items, sizes, excluded = _inputs(lengths, max(lengths), n_items)
        rows = torch.arange(len(excluded)).repeat_interleave(excluded.shape[1])
        pairs = rows, excluded.flatten()
        expected = score_items(model.eval(), items, sizes, popularity, left_out, pairs)
        worst = max(worst, _difference(expected, run(items, sizes, excluded)))
    if not worst <= TOLERANCE:
        raise MiqrecError(
            f"the exported model's scores differ by {worst:.2g} from the model's own, which is more than "
            f"{TOLERANCE:g}; nothing was written"
        )
    return worst


def _difference(expected: Tensor, answers: Answers) -> float:
    """Compare all scores; infinite where other items are left out, or a list is not that of the scores."""
    finite = expected.isfinite()
    listed = answers.scores.gather(1, answers.ids)
    if not (torch.equal(answers.scores.isfinite(), finite) and torch.equal(listed, answers.best)):
        return math.inf
    differences = (answers.scores - expected)[finite].abs() / expected[finite].abs().clamp(min=1)
    return float(differences.max()) if finite.any() else 0.0


def _inputs(lengths: list[int], width: int, n_items: int) -> tuple[Tensor, Tensor, Tensor]:
    """Draw histories of these lengths, and two items to leave out for each."""
    generator = torch.Generator().manual_seed(0)
    shape = (len(lengths), max(width, 1))
    items = torch.randint(1, n_items + 1, shape, generator=generator)
    sizes = torch.tensor(lengths)
    excluded = torch.randint(0, n_items + 1, (len(lengths), 2), generator=generator)
    return items.where(valid(sizes, shape[1]), 0), sizes, excluded
