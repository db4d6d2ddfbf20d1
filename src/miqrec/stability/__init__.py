"""Stability: how far a list moves when a history gets an odd click, and what that costs.

A name is imported when it is asked for; similarities need PyTorch alone.
"""

from typing import TYPE_CHECKING

from miqrec.system.lazy import lazy_names

if TYPE_CHECKING:
    from miqrec.stability.comparing import compare, correct
    from miqrec.stability.competitors import DroppedCopies, Ensemble
    from miqrec.stability.measure import measure_stability
    from miqrec.stability.models import rank_list_sensitivity, seed_floor
    from miqrec.stability.path_patching import measure_paths, summarise_paths
    from miqrec.stability.perturbations import LABELS, PERTURBATIONS, Perturbation
    from miqrec.stability.perturbing import perturb
    from miqrec.stability.planted import measure_planted, planted_truth, summarise_planted
    from miqrec.stability.sampling import sample_users
    from miqrec.stability.similarity import frbo, jaccard
    from miqrec.stability.summary import measured, summarise
    from miqrec.stability.training_noise import perturbed_log
    from miqrec.stability.window import weights_by_length, window_weights

__all__ = [
    "LABELS",
    "PERTURBATIONS",
    "DroppedCopies",
    "Ensemble",
    "Perturbation",
    "compare",
    "correct",
    "frbo",
    "jaccard",
    "measure_paths",
    "measure_planted",
    "measure_stability",
    "measured",
    "perturb",
    "perturbed_log",
    "planted_truth",
    "rank_list_sensitivity",
    "sample_users",
    "seed_floor",
    "summarise",
    "summarise_paths",
    "summarise_planted",
    "weights_by_length",
    "window_weights",
]

__getattr__ = lazy_names(
    __name__,
    {
        "miqrec.stability.comparing": ["compare", "correct"],
        "miqrec.stability.competitors": ["DroppedCopies", "Ensemble"],
        "miqrec.stability.measure": ["measure_stability"],
        "miqrec.stability.models": ["rank_list_sensitivity", "seed_floor"],
        "miqrec.stability.path_patching": ["measure_paths", "summarise_paths"],
        "miqrec.stability.perturbations": ["LABELS", "PERTURBATIONS", "Perturbation"],
        "miqrec.stability.perturbing": ["perturb"],
        "miqrec.stability.planted": ["measure_planted", "planted_truth", "summarise_planted"],
        "miqrec.stability.sampling": ["sample_users"],
        "miqrec.stability.similarity": ["frbo", "jaccard"],
        "miqrec.stability.summary": ["measured", "summarise"],
        "miqrec.stability.training_noise": ["perturbed_log"],
        "miqrec.stability.window": ["weights_by_length", "window_weights"],
    },
)
