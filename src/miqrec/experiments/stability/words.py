"""What noises and ways to use a system are called in tables and figures."""

from miqrec.evaluation.inference import InferenceConfig
from miqrec.experiments.formatting import percentage
from miqrec.stability.perturbations import LABELS, named_perturbation

NEWEST = "newest alone"

TIMES = "\N{MULTIPLICATION SIGN}"

SPELT_OUT = 3
"""Equal weights that are written one by one; more are counted."""


def counted(number: int, word: str) -> str:
    """Write a number with its noun: "1 draw", "5 draws"."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def noise_label(noise: str) -> str:
    """Say in words what a noise does to a history."""
    perturbation = named_perturbation(noise)
    if perturbation.share is None:
        return LABELS[perturbation.kind]
    return f"{percentage(perturbation.share).replace('.0', '')} of the items replaced"


def way_label(inference: InferenceConfig) -> str:
    """Say which answers are mixed: "newest alone", "mix .6 .4", "mix .2 × 5", "trained mixture"."""
    mix = inference.mix or (1.0,)
    if len(mix) == 1:
        return NEWEST
    temperature = inference.temperature
    ending = "" if temperature == 1 else f" at temperature {temperature:g}"
    if mix == "trained":
        return f"trained mixture{ending}"
    weights = [f"{weight:.3g}".removeprefix("0") or "0" for weight in mix]
    if len(set(weights)) == 1 and len(weights) > SPELT_OUT:
        return f"mix {weights[0]} {TIMES} {len(weights)}{ending}"
    return f"mix {' '.join(weights)}{ending}"


def exact_label(inference: InferenceConfig) -> str:
    """Say all of it, for ways that `way_label` gives one name."""
    mix = inference.mix or (1.0,)
    answers = "trained mixture" if mix == "trained" else f"mix {' '.join(map(str, mix))}"
    seen = inference.exclude_seen
    left_out = ("all" if seen else "no") if isinstance(seen, bool) else " and ".join(seen)
    return f"{answers} at temperature {inference.temperature}, {left_out} seen items left out"
