"""One step: what is learned from what, and who gets a gradient."""

import math

import numpy as np
import pytest
import torch

from miqrec.data.sequences import Sequences
from miqrec.models.configs.s3rec import MIQS3RecConfig, S3RecConfig
from miqrec.models.registry import build_model
from miqrec.models.s3rec import S3Rec
from miqrec.system.seeds import Purpose, stream
from miqrec.training.pretraining.config import PretrainingConfig
from miqrec.training.pretraining.corruption import NegativeSource, cut_segments, mask_items
from miqrec.training.pretraining.examples import PrefixExamples
from miqrec.training.pretraining.step import Pretraining
from reference import s3rec as reference
from worlds import splits_of

N_ITEMS, N_ATTRIBUTES = 12, 4
HISTORIES = [[1, 2, 3, 4, 5, 6, 7, 8], [9, 2, 9, 4, 3, 11], [5, 1, 5], [10]]
LABELS = torch.rand(1 + N_ITEMS, N_ATTRIBUTES, generator=torch.Generator().manual_seed(0)) < 0.5
LABELS[0] = False
CONFIGS = [
    S3RecConfig(dim=8, max_length=6, dropout=0),
    MIQS3RecConfig(dim=8, max_length=6, window=3, dropout=0),
]


@pytest.fixture(params=CONFIGS, ids=lambda config: config.name)
def model(request) -> S3Rec:
    model = build_model(request.param, N_ITEMS)
    model.causal = False
    return model


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def pretraining(model: S3Rec, labels: torch.Tensor = LABELS, **values: float) -> Pretraining:
    items = np.concatenate(HISTORIES).astype(np.int32)
    offsets = np.cumsum([0] + [len(history) for history in HISTORIES])
    sequences = Sequences(items, offsets, N_ITEMS)
    source = NegativeSource.of(splits_of(sequences).train, torch.device("cpu"))
    step = Pretraining(model, PretrainingConfig(**values), labels, source, 4.0)
    examples = PrefixExamples(splits_of(sequences).train, model.max_length)
    step.piece = examples.piece(np.arange(len(examples)))
    step.log_dict = lambda *_, **__: None
    return step


def test_every_weight_gets_a_gradient_the_mask_and_the_heads_too(model):
    step = pretraining(model)
    step.training_step([step.piece], 0).backward()
    assert model.embedding.items.weight.grad[model.mask].any()
    assert not model.embedding.items.weight.grad[0].any()
    for name, weight in step.named_parameters():
        # a softmax ignores what is constant along a row: key biases can't
        if "key.bias" not in name:
            assert weight.grad is not None, name
            assert weight.grad.any(), name


def test_the_loss_is_the_weighted_sum_a_prefix(model):
    step = pretraining(model, aap_weight=2, mip_weight=3, map_weight=5, sp_weight=7)
    loss = step.training_step([step.piece], 0)
    generator = torch.Generator().manual_seed(stream(0, Purpose.CORRUPTION))
    parts = step.masked_losses(step.piece, generator)
    total = 2 * parts["aap"] + 3 * parts["mip"] + 5 * parts["map"]
    total = total + 7 * step.segment_loss(step.piece, generator)
    assert loss.item() == pytest.approx(total.item() / 4)


def test_the_loss_of_a_batch_is_that_of_its_pieces(model):
    step = pretraining(model)
    loss = step.training_step([step.piece, step.piece], 0)
    generator = torch.Generator().manual_seed(stream(0, Purpose.CORRUPTION))
    parts = [step.losses(step.piece, generator) for _ in range(2)]
    weights = {"aap": 0.2, "mip": 1.0, "map": 1.0, "sp": 0.5}
    total = sum(weights[name] * part[name].item() for part in parts for name in part)
    assert loss.item() == pytest.approx(total / 4)


def test_masked_losses_are_those_of_the_loops(model):
    """Position by position: visible items in AAP, masked ones in MIP and MAP, padding nowhere."""
    step = pretraining(model.double()).double()
    losses = step.masked_losses(step.piece, seeded())
    masked = mask_items(step.piece, step.source, 0.2, model.mask, seeded())
    states = model(masked.items, step.piece.lengths)
    negatives = iter(masked.negatives.tolist())
    expected = {"aap": 0.0, "mip": 0.0, "map": 0.0}
    table, attributes = model.item_vectors(), step.heads.attribute_vectors()
    for row, length in enumerate(step.piece.lengths.tolist()):
        for t in range(length):
            item, state = int(step.piece.items[row, t]), states[row, t].unsqueeze(0)
            owned = [set(LABELS[item].nonzero().flatten().tolist())]
            name = "map" if masked.hidden[row, t] else "aap"
            if owned[0]:
                query = getattr(step.heads, name)(state)
                expected[name] += reference.attribute_bce(query, attributes, owned).item()
            if masked.hidden[row, t]:
                pair = table[[item]], table[[next(negatives)]]
                expected["mip"] += reference.contrast(step.heads.mip(state), *pair).item()
    assert {name: loss.item() for name, loss in losses.items()} == pytest.approx(expected)


def test_the_segment_loss_is_that_of_the_loop(model):
    """Of prefixes with two items or more: the state of the context's newest item and its rivals."""
    step = pretraining(model.double()).double()
    loss = step.segment_loss(step.piece, seeded())
    segments = cut_segments(step.piece, step.source, model.mask, seeded())
    rows = [i for i, length in enumerate(step.piece.lengths.tolist()) if length > 1]
    context, positive, negative = (
        torch.stack([model(x, step.piece.lengths)[i, step.piece.lengths[i] - 1] for i in rows])
        for x in segments
    )
    expected = reference.contrast(step.heads.sp(context), positive, negative)
    torch.testing.assert_close(loss, expected)


def test_an_item_without_attributes_takes_part_in_mip_and_sp_alone(model):
    """The loss is that of a world in which only the others can be asked about."""
    labels = LABELS.clone()
    labels[1:6] = False
    step = pretraining(model, labels)
    all_labels = pretraining(model)
    all_labels.heads.load_state_dict(step.heads.state_dict())
    fewer, more = (each.masked_losses(each.piece, seeded()) for each in (step, all_labels))
    assert fewer["mip"] == more["mip"]
    assert fewer["aap"] < more["aap"]
    assert fewer["map"] < more["map"]
    loss = pretraining(model, torch.zeros_like(LABELS)).masked_losses(step.piece, seeded())
    assert (loss["aap"], loss["map"]) == (0, 0)


def test_what_weighs_nothing_is_not_computed(model):
    step = pretraining(model, sp_weight=0)
    step.segment_loss = None
    assert step.training_step([step.piece], 0) > 0
    step = pretraining(model, aap_weight=0, mip_weight=0, map_weight=0)
    step.masked_losses = None
    assert step.training_step([step.piece], 0) > 0


def test_segments_can_be_told_apart(model):
    """On segments that stay the same the loss goes from log 2 a prefix towards its floor, 0.31."""
    step = pretraining(model)
    optimiser = torch.optim.Adam(step.parameters(), lr=0.01)
    n = int((step.piece.lengths > 1).sum())
    for _ in range(60):
        loss = step.segment_loss(step.piece, seeded()) / n
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert math.log(1 + math.exp(-1)) < loss.item() < 0.5 * (0.31 + math.log(2))
