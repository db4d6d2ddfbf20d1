"""Attention rolled out over the layers, and how its order is compared with leaving items out."""

import pytest
import torch
from benchmarks.explanation.rollout import correlations, rollout

from miqrec import Recommender
from miqrec.testing.frames import circle


def test_each_layer_is_averaged_with_the_identity_and_the_layers_are_multiplied():
    first = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    second = torch.tensor([[1.0, 0.0], [0.2, 0.8]])

    # (second + I) / 2 = [[1, 0], [.1, .9]];  (first + I) / 2 = [[1, 0], [.25, .75]]
    expected = torch.tensor([[1.0, 0.0], [0.1 + 0.9 * 0.25, 0.9 * 0.75]])

    torch.testing.assert_close(rollout([first, second]), expected)


@pytest.mark.parametrize("mix", [None, "0.6 0.4"])
def test_every_order_is_correlated_for_each_question(mix):
    sizes = {"dim": 16, "n_heads": 1, "max_length": 20, "epochs": 1}
    values = correlations(
        Recommender.fit(circle(), "miq-sasrec", window=3, **sizes), 3, mix
    ).to_numpy()

    assert values.shape == (3, 6)
    assert ((values >= -1) & (values <= 1)).all()
