"""Operators belong to kinds by the beginnings of their names."""

import pytest
from benchmarks.steps.breakdown import kind


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("aten::addmm", "matrix products"),  # not "add"
        ("aten::baddbmm_", "matrix products"),
        ("aten::add_", "other element-wise work"),
        ("aten::_softmax_backward_data", "softmax and logarithms"),
        ("aten::native_layer_norm_backward", "layer norms"),
        (
            "aten::_scaled_dot_product_flash_attention_for_cpu_backward",
            "PyTorch's attention kernel",
        ),
        ("aten::copy_", "copies, casts and memory"),
        ("aten::embedding_dense_backward", "look-ups by index"),
        ("aten::_fused_adam_", "Adam"),
        ("_BlockwiseBackward", "the rest, Python among it"),
    ],
)
def test_an_operator_is_of_a_kind(operator: str, expected: str) -> None:
    assert kind(operator) == expected
