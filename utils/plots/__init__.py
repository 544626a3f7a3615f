"""The course's figures. Each function takes an Axes (or makes one), draws, and returns it.

Importing this package switches matplotlib to the course's style. `show` puts a finished figure into
the notebook together with a text for readers who cannot see it. A figure stands in the module of
the lesson that draws it first; lessons call them all as ``plots.NAME``.
"""

from utils.plots.common import (
    COLOURS,
    HATCHES,
    MARKERS,
    interactive,
    legend_beside,
    panels,
    scatter,
    show,
)
from utils.plots.lesson_00 import said_and_happened
from utils.plots.lesson_01 import logistic_fit, rulers, sigmoid_and_slope, two_squashers
from utils.plots.lesson_02 import (
    bars,
    maximum_entropy,
    on_simplex,
    scores_and_probabilities,
    simplex,
    temperature_curves,
)
from utils.plots.lesson_03 import expected_scores, loss_shapes, surprise
from utils.plots.lesson_04 import curves, loss_surface
from utils.plots.lesson_05 import convergence, image_and_templates, penalty_path, tiles
from utils.plots.lesson_06 import (
    decision_regions,
    own_thresholds,
    probabilities_along,
    shares_of_window,
)
from utils.plots.lesson_07 import difference_errors, reliability_diagram, reliability_diagrams
from utils.plots.lesson_08 import regularization_paths, stopping_points
from utils.plots.lesson_09 import at_temperature, temperature_valleys
from utils.plots.lesson_10 import bayes_along
from utils.plots.lesson_11 import (
    confusion_matrix,
    one_page_report,
    pictures,
    risk_coverage_curves,
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
    "curves",
    "decision_regions",
    "difference_errors",
    "expected_scores",
    "image_and_templates",
    "interactive",
    "legend_beside",
    "logistic_fit",
    "loss_shapes",
    "loss_surface",
    "maximum_entropy",
    "on_simplex",
    "one_page_report",
    "own_thresholds",
    "panels",
    "penalty_path",
    "pictures",
    "probabilities_along",
    "regularization_paths",
    "reliability_diagram",
    "reliability_diagrams",
    "risk_coverage_curves",
    "rulers",
    "said_and_happened",
    "scatter",
    "scores_and_probabilities",
    "shares_of_window",
    "show",
    "sigmoid_and_slope",
    "simplex",
    "stopping_points",
    "surprise",
    "temperature_curves",
    "temperature_valleys",
    "tiles",
    "two_squashers",
]
