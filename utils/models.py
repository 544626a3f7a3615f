"""Logistic and softmax regression: scikit-learn estimators trained by gradient descent.

Both minimise the mean cross-entropy plus ½ λ‖W‖², where W are the weights without the intercept.
One loop trains both, `_LinearClassifier._descend`. It is gradient descent with momentum that has no
learning rate to tune: how much momentum and how long a step is read off the loss at each step.
"""

import math
import warnings
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from utils.functions import (
    binary_cross_entropy,
    log_sigmoid,
    log_softmax,
    one_hot,
    sigmoid,
    softmax,
)
from utils.inputs import Floats, refuse_mask

_EPS = np.finfo(np.float64).eps
# A loss is a mean of many rounded numbers. A rise as small as this is no rise.
_ROUNDING = 1e-12


class _LinearClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """What logistic and softmax regression share. K counts the columns of logits (logistic: 1)."""

    classes_: NDArray[Any]
    coef_: Floats
    intercept_: Floats
    n_iter_: int
    loss_history_: Floats

    def __init__(
        self, lam: float = 0.0, tol: float = 1e-5, max_iter: int = 1000, verbose: int = 0
    ) -> None:
        self.lam = lam
        self.tol = tol
        self.max_iter = max_iter
        self.verbose = verbose

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Find the weights with the least loss.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Examples in rows, features in columns.
        y : array_like, shape (n,)
            A label for each example: strings, integers or booleans.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is out of range; if X or y has the wrong shape, or holds nan or masked
            entries; if X is so large that its squares overflow; if y holds fewer or more classes
            than the model can tell apart.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` steps were too few to reach `tol`.
        """
        X, Y = self._checked(X, y)
        # The descent is quick where the loss curves alike in all directions. Along a feature it
        # curves by ½ (variance + 2λ) at most. So: centre, divide by the root of that, descend, and
        # translate the weights back.
        with np.errstate(over="ignore", invalid="ignore"):
            mean, variance = X.mean(axis=0), X.var(axis=0)
        if not np.isfinite(variance).all():
            raise ValueError(
                f"X holds numbers as large as {np.abs(X).max():.0e}, whose squares are beyond the "
                "largest float; divide X by a constant"
            )
        scale = np.sqrt(variance + 2 * self.lam)
        scale[scale <= len(X) * _EPS * np.abs(mean)] = 1  # constant: what varies is rounding
        Z = X - mean
        Z /= scale
        penalty = np.append(0, self.lam / scale**2)  # (d+1,), none on the intercept
        tol = max(self.tol, _EPS)  # what is left of a smaller gradient is rounding

        Theta, steepest = self._descend(Z, Y, penalty, tol)
        self.coef_ = Theta[:, 1:] / scale
        self.intercept_ = Theta[:, 0] - self.coef_ @ mean
        if steepest > tol:
            warnings.warn(
                f"{type(self).__name__} has not converged: after max_iter={self.max_iter} steps an "
                f"entry of the gradient is {steepest:.1e}, above tol={tol:.1e}; raise either one",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def _descend(self, Z: Floats, Y: Floats, penalty: Floats, tol: float) -> tuple[Floats, float]:
        """Walk downhill from Theta = 0 until no entry of the gradient is above tol.

        Gives Theta (K, d+1) and the gradient's largest entry there. The method is the nonlinear
        conjugate gradients of Polak and Ribière, with Newton's step along each direction. Its speed
        comes from the logits being linear in Theta: how they change along a direction takes one
        pass over the data, and trying a step size takes none.

        References
        ----------
        J. Nocedal and S. J. Wright (2006), "Numerical Optimization", 2nd ed., section 5.2.
        J. R. Shewchuk (1994), "An introduction to the conjugate gradient method without the
        agonizing pain", section 14.
        """
        Theta = np.zeros((Y.shape[1], Z.shape[1] + 1))  # (K, d+1), the intercept in column 0
        logits = np.zeros_like(Y)  # (n, K)
        P, loss = self._evaluate(logits, Y, Theta, penalty)
        gradient = _gradient(P, Y, Z, Theta, penalty)  # (K, d+1)
        direction = -gradient
        history = [loss]
        while (steepest := np.abs(gradient).max()) > tol and len(history) <= self.max_iter:
            # Along the direction the loss is nearly a parabola; step to its lowest point. Should
            # the step be too long, halve it until the loss falls by a tenth of what slope promises.
            change = (direction[:, 1:] @ Z.T).T + direction[:, 0]  # in logits, (n, K)
            slope = np.vdot(gradient, direction)
            curvature = self._curvature(P, change) + np.vdot(direction, penalty * direction)
            step = -slope / curvature
            while True:
                new_Theta, new_logits = Theta + step * direction, logits + step * change
                P, loss = self._evaluate(new_logits, Y, new_Theta, penalty)
                if loss <= history[-1] + 0.1 * step * slope + _ROUNDING:
                    break
                step /= 2
            Theta, logits = new_Theta, new_logits
            history.append(loss)

            # Momentum: keep as much of the last direction as the new gradient does not undo.
            last, gradient = gradient, _gradient(P, Y, Z, Theta, penalty)
            momentum = np.vdot(gradient, gradient - last) / np.vdot(last, last)
            direction = np.maximum(momentum, 0) * direction - gradient
            if np.vdot(gradient, direction) >= 0:  # uphill: start afresh
                direction = -gradient
            if self.verbose and (len(history) - 1) % self.verbose == 0:
                now = np.abs(gradient).max()
                print(
                    f"step {len(history) - 1:4}  loss {loss:.4f}  gradient {now:.0e}, ends at {tol:.0e}",
                    flush=True,
                )
        self.n_iter_ = len(history) - 1
        self.loss_history_ = np.array(history)
        return Theta, float(steepest)

    def _evaluate(
        self, logits: Floats, Y: Floats, Theta: Floats, penalty: Floats
    ) -> tuple[Floats, float]:
        """Probabilities (n, K) and the regularised loss; ½ Σ penalty Theta² is ½ λ‖W‖²."""
        P, loss = self._probabilities_and_loss(logits, Y)
        return P, float(loss + np.vdot(Theta, penalty * Theta) / 2)

    def _checked(self, X: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """X as floats and the targets Y (n, K); sets `classes_`."""
        for name, value in {"lam": self.lam, "tol": self.tol}.items():
            if not isinstance(value, Real) or not 0 <= value < math.inf:
                raise ValueError(f"{name} must be a finite number, 0 or more, got {value!r}")
        if not isinstance(self.max_iter, Integral) or self.max_iter < 1:
            raise ValueError(f"max_iter must be a whole number, 1 or more, got {self.max_iter!r}")
        if not isinstance(self.verbose, Integral) or self.verbose < 0:
            raise ValueError(f"verbose must be a whole number, 0 or more, got {self.verbose!r}")
        refuse_mask(X, "X")
        refuse_mask(y, "y")
        X_checked, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            only = self.classes_.tolist()[0]
            raise ValueError(f"y must hold two classes or more, got one class only: {only!r}")
        Y = self._targets(one_hot(labels, len(self.classes_)))
        # Column by column in memory, as all (n, K) arrays of the descent then are: NumPy adds up a
        # few long columns several times faster than many short rows.
        return X_checked, np.asfortranarray(Y)

    # What differs between the two models.

    def _targets(self, Y: Floats) -> Floats:
        """Pick the columns of the one-hot Y that have logits of their own."""
        raise NotImplementedError

    def _probabilities_and_loss(self, logits: Floats, Y: Floats) -> tuple[Floats, float]:
        """Probabilities (n, K) and the mean cross-entropy."""
        raise NotImplementedError

    def _curvature(self, P: Floats, change: Floats) -> float:
        """Second derivative of the mean cross-entropy when the logits move along `change`."""
        raise NotImplementedError

    # What a fitted model knows.

    @property
    def Theta_(self) -> Floats:  # noqa: N802  # Theta is the field's name
        """Intercepts (column 0) and weights in one array, for X with `add_intercept`."""
        check_is_fitted(self)
        return np.column_stack([self.intercept_, self.coef_])

    def _logits(self, X: ArrayLike) -> Floats:
        check_is_fitted(self)
        refuse_mask(X, "X")
        X_checked: Floats = validate_data(self, X, dtype=np.float64, reset=False)
        with np.errstate(over="ignore", invalid="ignore"):
            logits = X_checked @ self.coef_.T + self.intercept_  # (n, K)
        if not np.isfinite(logits).all():
            raise ValueError(
                f"X holds numbers as large as {np.abs(X_checked).max():.0e}, whose scores are "
                "beyond the largest float"
            )
        return logits


class LogisticRegression(_LinearClassifier):
    """Logistic regression: the probability of one of two classes from a linear score. Lesson 05.

    Parameters
    ----------
    lam : float, default 0
        λ, the strength of the penalty ½ λ‖W‖² beside the mean loss. The intercept is not penalised.
        scikit-learn's C corresponds to λ = 1/(nC).
    tol : float, default 1e-5
        The descent ends when no entry of the gradient, for standardised features, is larger.
    max_iter : int, default 1000
        The descent ends after this many steps in any case, with a warning.
    verbose : int, default 0
        Print the loss and the gradient's largest entry after every so many steps; 0 prints nothing.

    Attributes
    ----------
    classes_ : ndarray, shape (2,)
        The labels, sorted. The probability that the sigmoid gives is that of the second.
    coef_ : ndarray, shape (1, d)
        The weights.
    intercept_ : ndarray, shape (1,)
        The intercept.
    Theta_ : ndarray, shape (1, d+1)
        The intercept and the weights in one array.
    n_iter_ : int
        How many steps were taken.
    loss_history_ : ndarray, shape (n_iter_ + 1,)
        The regularised loss before the first step, log 2, and after each step.
    n_features_in_ : int
        d, the number of features.
    feature_names_in_ : ndarray, shape (d,)
        The names of the features, if X was a data frame.

    See Also
    --------
    SoftmaxRegression : The same for any number of classes.

    Examples
    --------
    >>> hours = [[1], [2], [3], [4], [5], [6]]
    >>> model = LogisticRegression().fit(hours, ["fail", "fail", "pass", "fail", "pass", "pass"])
    >>> model.predict([[1], [6]])
    array(['fail', 'pass'], dtype='<U4')
    >>> model.predict_proba([[3.5]]).round(3)
    array([[0.5, 0.5]])
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def decision_function(self, X: ArrayLike) -> Floats:
        """Log-odds of the second class.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Examples in rows, with the features the model was fitted to in columns.

        Returns
        -------
        ndarray, shape (n,)
        """
        return self._logits(X)[:, 0]

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Name the more probable class of each example; the second where the score is 0.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Examples in rows, with the features the model was fitted to in columns.

        Returns
        -------
        ndarray, shape (n,)
        """
        z = self.decision_function(X)
        labels: NDArray[Any] = self.classes_[(z >= 0).astype(int)]
        return labels

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Probability of each class, in the order of `classes_`.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Examples in rows, with the features the model was fitted to in columns.

        Returns
        -------
        ndarray, shape (n, 2)
        """
        z = self.decision_function(X)
        return sigmoid(np.column_stack([-z, z]))

    def predict_log_proba(self, X: ArrayLike) -> Floats:
        """Logarithm of each probability, exact where the probability itself rounds to 0 or 1.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Examples in rows, with the features the model was fitted to in columns.

        Returns
        -------
        ndarray, shape (n, 2)
        """
        z = self.decision_function(X)
        return log_sigmoid(np.column_stack([-z, z]))

    def _targets(self, Y: Floats) -> Floats:
        if Y.shape[1] > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is multiclass: "
                f"y holds {Y.shape[1]} classes; use SoftmaxRegression"
            )
        return Y[:, 1:]

    def _probabilities_and_loss(self, logits: Floats, Y: Floats) -> tuple[Floats, float]:
        return sigmoid(logits), float(binary_cross_entropy(logits, Y))

    def _curvature(self, P: Floats, change: Floats) -> float:
        # ε, because P may round to 0 or 1 but the curvature divides the slope.
        return float(np.sum((P * (1 - P) + _EPS) * change**2) / len(P))


class SoftmaxRegression(_LinearClassifier):
    """Softmax regression: the probabilities of two or more classes from a linear score for each.

    Lesson 05.

    Parameters
    ----------
    lam : float, default 0
        λ, the strength of the penalty ½ λ‖W‖² beside the mean loss. The intercepts are not
        penalised. scikit-learn's C corresponds to λ = 1/(nC) for three classes or more. For two,
        λ = 2/(nC) gives the probabilities of scikit-learn's model, as the two rows of weights here
        are each half of its one, with opposite signs.
    tol : float, default 1e-5
        The descent ends when no entry of the gradient, for standardised features, is larger.
    max_iter : int, default 1000
        The descent ends after this many steps in any case, with a warning.
    verbose : int, default 0
        Print the loss and the gradient's largest entry after every so many steps; 0 prints nothing.

    Attributes
    ----------
    classes_ : ndarray, shape (K,)
        The labels, sorted.
    coef_ : ndarray, shape (K, d)
        The weights, a row for each class, also when there are two.
    intercept_ : ndarray, shape (K,)
        The intercepts.
    Theta_ : ndarray, shape (K, d+1)
        The intercepts (column 0) and the weights in one array.
    n_iter_ : int
        How many steps were taken.
    loss_history_ : ndarray, shape (n_iter_ + 1,)
        The regularised loss before the first step, log K, and after each step.
    n_features_in_ : int
        d, the number of features.
    feature_names_in_ : ndarray, shape (d,)
        The names of the features, if X was a data frame.

    See Also
    --------
    LogisticRegression : For two classes, with one row of weights.

    Examples
    --------
    >>> X = [[-2, 0], [-1, 0], [2, 0], [1, 0], [0, 2], [0, 1]]
    >>> y = ["left", "left", "right", "right", "up", "up"]
    >>> model = SoftmaxRegression(lam=0.1).fit(X, y)
    >>> model.predict([[-3, 0], [0, 3]])
    array(['left', 'up'], dtype='<U5')
    >>> print(f"{model.loss_history_[0]:.4f}")  # log 3: knows nothing yet
    1.0986
    """

    def decision_function(self, X: ArrayLike) -> Floats:
        """Logits of the classes.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Examples in rows, with the features the model was fitted to in columns.

        Returns
        -------
        ndarray, shape (n, K)
            For two classes, as scikit-learn has it, shape (n,): the second logit less the first,
            whose sigmoid is the probability of the second class.
        """
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Name the most probable class of each example; the first where several are level.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Examples in rows, with the features the model was fitted to in columns.

        Returns
        -------
        ndarray, shape (n,)
        """
        logits = self._logits(X)
        labels: NDArray[Any] = self.classes_[logits.argmax(axis=1)]
        return labels

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Probability of each class, in the order of `classes_`.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Examples in rows, with the features the model was fitted to in columns.

        Returns
        -------
        ndarray, shape (n, K)
        """
        return softmax(self._logits(X))

    def predict_log_proba(self, X: ArrayLike) -> Floats:
        """Logarithm of each probability, exact where the probability itself rounds to 0 or 1.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Examples in rows, with the features the model was fitted to in columns.

        Returns
        -------
        ndarray, shape (n, K)
        """
        return log_softmax(self._logits(X))

    def _targets(self, Y: Floats) -> Floats:
        return Y

    def _probabilities_and_loss(self, logits: Floats, Y: Floats) -> tuple[Floats, float]:
        # softmax and cross_entropy in one pass
        below = logits - logits.max(axis=1, keepdims=True)
        P = np.exp(below)
        total = P.sum(axis=1, keepdims=True)
        P /= total
        return P, float(np.mean(np.log(total)) - np.sum(Y * below) / len(Y))

    def _curvature(self, P: Floats, change: Floats) -> float:
        # For a row p of P, changeᵀ (diag(p) − ppᵀ) change is the variance of the change under p.
        mean = np.sum(P * change, axis=1, keepdims=True)
        # ε, because P may round to 0 or 1 but the curvature divides the slope.
        return float(np.sum((P + _EPS) * (change - mean) ** 2) / len(P))


def _gradient(P: Floats, Y: Floats, Z: Floats, Theta: Floats, penalty: Floats) -> Floats:
    """(P − Y)ᵀ [1 Z] / n plus the slope of the penalty, (K, d+1). The ones are not stored."""
    error = P - Y
    gradient = np.column_stack([error.sum(axis=0), error.T @ Z])
    return gradient / len(Z) + penalty * Theta
