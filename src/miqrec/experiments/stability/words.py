"""What noises and ways to use a system are called in tables and figures."""

from miqrec.evaluation.inference import InferenceConfig
from miqrec.experiments.formatting import percentage
from miqrec.stability.perturbations import LABELS, named_perturbation

NEWEST = "newest alone"

TIMES = "\N{MULTIPLICATION SIGN}"

SPELT_OUT = 3
"""Equal weights that are written one by one; more are counted."""


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
