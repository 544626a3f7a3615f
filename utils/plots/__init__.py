"""The course's figures. Each function takes an Axes (or makes one), draws, and returns it.

Importing this package switches matplotlib to the course's style. `show` puts a finished figure into
the notebook together with a text for readers who cannot see it. The figures stand in modules by
subject; lessons call them all as ``plots.NAME``.
"""

from utils.plots.conformal import (
    coverage_scatter,
    interval_around,
    promised_and_covered,
    set_sizes,
)
from utils.plots.controls import interactive, movable_fit, movable_scores, slider
from utils.plots.descent import (
    convergence,
    curves,
    difference_errors,
    loss_surface,
    stopping_points,
)
from utils.plots.losses import expected_scores, loss_shapes, penalty_path, surprise
from utils.plots.recalibration import (
    corp_diagram,
    corp_diagrams,
    recalibration_maps,
    score_parts,
)
from utils.plots.regions import (
    decision_regions,
    image_and_templates,
    own_thresholds,
    probabilities_along,
    shares_of_window,
    tiles,
)
from utils.plots.reliability import (
    at_temperature,
    regularization_paths,
    reliability_diagram,
    reliability_diagrams,
    said_and_happened,
    temperature_valleys,
)
from utils.plots.report import confusion_matrix, one_page_report, pictures, risk_coverage_curves
from utils.plots.scores import (
    bars,
    bayes_along,
    logistic_fit,
    maximum_entropy,
    on_simplex,
    rulers,
    scores_and_probabilities,
    sigmoid_and_slope,
    simplex,
    temperature_curves,
    two_squashers,
)
from utils.plots.style import (
    COLOURS,
    HATCHES,
    MARKERS,
    legend_beside,
    panels,
    scatter,
    show,
)

__all__ = [
    "COLOURS",
    "HATCHES",
    "MARKERS",
    "at_temperature",
    "bars",
    "bayes_along",
    "confusion_matrix",
    "convergence",
    "corp_diagram",
    "corp_diagrams",
    "coverage_scatter",
    "curves",
    "decision_regions",
    "difference_errors",
    "expected_scores",
    "image_and_templates",
    "interactive",
    "interval_around",
    "legend_beside",
    "logistic_fit",
    "loss_shapes",
    "loss_surface",
    "maximum_entropy",
    "movable_fit",
    "movable_scores",
    "on_simplex",
    "one_page_report",
    "own_thresholds",
    "panels",
    "penalty_path",
    "pictures",
    "probabilities_along",
    "promised_and_covered",
    "recalibration_maps",
    "regularization_paths",
    "reliability_diagram",
    "reliability_diagrams",
    "risk_coverage_curves",
    "rulers",
    "said_and_happened",
    "scatter",
    "score_parts",
    "scores_and_probabilities",
    "set_sizes",
    "shares_of_window",
    "show",
    "sigmoid_and_slope",
    "simplex",
    "slider",
    "stopping_points",
    "surprise",
    "temperature_curves",
    "temperature_valleys",
    "tiles",
    "two_squashers",
]
