"""Stability: how far a list moves when a history gets an odd click, and what that costs."""

from miqrec.stability.perturbations import LABELS, PERTURBATIONS, Perturbation, perturb
from miqrec.stability.similarity import frbo, jaccard

__all__ = [
    "LABELS",
    "PERTURBATIONS",
    "Perturbation",
    "frbo",
    "jaccard",
    "perturb",
]
