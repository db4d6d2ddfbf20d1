"""Which of PyTorch's attention kernels a training step ran."""

from collections.abc import Callable, Iterator

import torch

KERNELS = {
    "_scaled_dot_product_flash_attention": "flash",
    "_scaled_dot_product_efficient_attention": "efficient",
    "_scaled_dot_product_cudnn_attention": "cuDNN",
    "_scaled_dot_product_attention_math": "math",
    "flex_attention": "flex",
}


def profile(step: Callable[[], None], device: str) -> str:
    """Run a step, print where its time went, and name the attention kernels that ran."""
    with torch.profiler.profile() as profiler:
        step()
    events = profiler.key_averages()
    column = "self_cuda_time_total" if device == "cuda" else "self_cpu_time_total"
    print(events.table(sort_by=column, row_limit=12, max_name_column_width=70))
    return ", ".join(sorted(set(named(event.key for event in events)))) or "none seen"


def named(operators: Iterator[str]) -> Iterator[str]:
    """Yield the names of the attention kernels among the operators."""
    for operator in operators:
        yield from (name for part, name in KERNELS.items() if part in operator)
