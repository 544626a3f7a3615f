"""What the lessons share. Each name stands in the module that a learner meets it in.

Names are loaded when they are first used, so ``import utils`` costs neither scikit-learn nor pyplot.
`check`, `progress` and `summary` are the one way out of this package: the course's machinery knows
utils, and utils knows of it no more than these names.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "utils.functions": [
        "sigmoid",
        "log_sigmoid",
        "logsumexp",
        "softmax",
        "log_softmax",
        "one_hot",
        "cross_entropy",
        "binary_cross_entropy",
        "add_intercept",
    ],
    "utils.models": ["LogisticRegression", "SoftmaxRegression"],
    "utils.datasets": ["three_clusters", "iris_two_species", "iris", "digits", "fashion_mnist"],
    "utils.calibration": [
        "reliability_curve",
        "expected_calibration_error",
        "maximum_calibration_error",
        "top_label",
        "classwise_calibration_error",
        "brier_score",
        "brier_decomposition",
        "noise_floor",
        "hidden_gap",
        "consistency_band",
        "apply_temperature",
        "fit_temperature",
        "reliability_in_words",
    ],
    "utils.evaluation": [
        "split_four",
        "risk_coverage",
        "risk_threshold",
        "calibration_report",
        "confusion_counts",
    ],
    "utils.recalibration": [
        "fit_platt",
        "pool_adjacent_violators",
        "fit_isotonic",
        "corp",
        "corp_band",
    ],
    "utils.shift": ["shift_prior", "estimate_prior", "cheapest_decision"],
    "utils.conformal": [
        "conformal_rank",
        "conformal_threshold",
        "class_conditional_thresholds",
        "prediction_sets",
        "adaptive_scores",
        "adaptive_sets",
        "coverage_and_size",
        "coverage_law",
    ],
    "utils.predictions": ["predict", "settle", "start_over", "my_predictions"],
    "course.check": ["check"],
    "course.progress": ["progress", "summary"],
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}
_SUBMODULES = [
    "functions",
    "models",
    "descent",
    "calibration",
    "evaluation",
    "recalibration",
    "shift",
    "conformal",
    "datasets",
    "plots",
    "predictions",
    "concepts",
]

__all__ = [*_MODULE_OF, *_SUBMODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        value = getattr(importlib.import_module(_MODULE_OF[name]), name)
    elif name in _SUBMODULES:
        value = importlib.import_module(f"utils.{name}")
    else:
        raise AttributeError(f"module 'utils' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
