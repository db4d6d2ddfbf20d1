"""Uncertainty: how sure a list is, whether that is true, and how long it must be to hold the next item."""

from typing import TYPE_CHECKING

from miqrec.system.lazy import lazy_names

if TYPE_CHECKING:
    from miqrec.uncertainty.calibration import (
        aurc,
        auroc,
        calibration_error,
        reliability,
        risk_coverage,
    )
    from miqrec.uncertainty.conformal import conformal_threshold, list_lengths, nonconformity
    from miqrec.uncertainty.measure import measure_ensemble, measure_lists, measure_signals
    from miqrec.uncertainty.signals import (
        disagreement,
        dispersion,
        entropy,
        list_probability,
        margin,
    )

__all__ = [
    "aurc",
    "auroc",
    "calibration_error",
    "conformal_threshold",
    "disagreement",
    "dispersion",
    "entropy",
    "list_lengths",
    "list_probability",
    "margin",
    "measure_ensemble",
    "measure_lists",
    "measure_signals",
    "nonconformity",
    "reliability",
    "risk_coverage",
]

__getattr__ = lazy_names(
    __name__,
    {
        "miqrec.uncertainty.calibration": [
            *("aurc", "auroc", "calibration_error", "reliability", "risk_coverage"),
        ],
        "miqrec.uncertainty.conformal": ["conformal_threshold", "list_lengths", "nonconformity"],
        "miqrec.uncertainty.measure": ["measure_ensemble", "measure_lists", "measure_signals"],
        "miqrec.uncertainty.signals": [
            *("disagreement", "dispersion", "entropy", "list_probability", "margin"),
        ],
    },
)
