"""Float32 products by oneDNN: the same digits, and nobody's settings are lost."""

import threading

import pytest
import torch

from miqrec.system import matmul as products
from miqrec.system.matmul import fast_products


@pytest.fixture
def faster(monkeypatch):
    monkeypatch.setattr(products, "_are_faster_by_onednn", lambda: True)


def test_within_it_the_precision_is_another_and_afterwards_what_it_was(faster):
    with fast_products("cpu"):
        assert torch.get_float32_matmul_precision() == "medium"
    assert torch.get_float32_matmul_precision() == "highest"


def test_it_lasts_until_the_last_thread_has_left(faster):
    first, second = fast_products("cpu"), fast_products("cpu")
    seen = []

    def other_thread() -> None:
        with second:
            entered.set()
            left.wait()
            seen.append(torch.get_float32_matmul_precision())

    entered, left = threading.Event(), threading.Event()
    thread = threading.Thread(target=other_thread)
    with first:
        thread.start()
        entered.wait()
    left.set()
    thread.join()

    assert seen == ["medium"]
    assert torch.get_float32_matmul_precision() == "highest"


def test_within_itself_it_changes_nothing(faster):
    with fast_products("cpu"):
        with fast_products("cpu"):
            pass
        assert torch.get_float32_matmul_precision() == "medium"
    assert torch.get_float32_matmul_precision() == "highest"


def test_an_error_within_it_leaves_the_precision_as_it_was(faster):
    with pytest.raises(ZeroDivisionError), fast_products("cpu"):
        _ = 1 / 0
    assert torch.get_float32_matmul_precision() == "highest"


def test_a_precision_that_somebody_chose_stays(faster):
    torch.set_float32_matmul_precision("high")
    try:
        with fast_products("cpu"):
            assert torch.get_float32_matmul_precision() == "high"
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision("highest")


def test_products_for_another_device_than_the_cpu_stay(faster):
    with fast_products("cuda"):
        assert torch.get_float32_matmul_precision() == "highest"


def test_what_is_traced_for_compilation_or_export_stays(faster, monkeypatch):
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    with fast_products("cpu"):
        assert torch.get_float32_matmul_precision() == "highest"


def test_small_steps_that_each_have_shapes_of_their_own_stay_with_mkl(faster):
    with fast_products("cpu", positions_per_step=770):
        assert torch.get_float32_matmul_precision() == "highest"
    with fast_products("cpu", positions_per_step=20_000):
        assert torch.get_float32_matmul_precision() == "medium"


def test_where_bfloat16_would_be_taken_nothing_changes(monkeypatch):
    monkeypatch.setattr(products, "_stay_float32", lambda: False)
    products._are_faster_by_onednn.cache_clear()
    with fast_products("cpu"):
        assert torch.get_float32_matmul_precision() == "highest"
    products._are_faster_by_onednn.cache_clear()


def test_a_product_in_bfloat16_is_told_from_one_in_float32(monkeypatch):
    matmul = torch.Tensor.__matmul__
    assert products._stay_float32() in {True, False}  # whatever this machine does
    in_float64 = lambda a, b: matmul(a.double(), b.double()).float()  # noqa: E731
    monkeypatch.setattr(torch.Tensor, "__matmul__", in_float64)
    assert products._stay_float32()
    in_bfloat16 = lambda a, b: matmul(a.bfloat16(), b.bfloat16()).float()  # noqa: E731
    monkeypatch.setattr(torch.Tensor, "__matmul__", in_bfloat16)
    assert not products._stay_float32()


@pytest.mark.parametrize("shapes", [((300, 64), (64, 500)), ((7, 50, 32), (7, 32, 90))])
def test_products_agree_with_float64s_to_float32s_rounding(shapes):
    torch.manual_seed(0)
    left, right = (torch.randn(shape) for shape in shapes)
    with fast_products("cpu"):
        product = left @ right
    torch.testing.assert_close(product.double(), left.double() @ right.double(), atol=2e-5, rtol=0)
