"""Other right answers to the exercises of lesson 08."""

import numpy as np
from scipy import special
from sklearn.linear_model import LogisticRegression

import utils


def l2_loss_log_softmax(Theta, X, y, lam):
    """Pick the true classes' log-softmax; sum squares with a dot product."""
    losses = -special.log_softmax(X @ Theta.T, axis=1)[np.arange(len(y)), y]
    w = Theta[:, 1:].ravel()
    return losses.mean() + 0.5 * lam * (w @ w)


def l2_loss_squares_of_everything_less_intercepts(Theta, X, y, lam):
    """Take all squares, and give the intercepts' back."""
    squares = np.linalg.norm(Theta) ** 2 - np.linalg.norm(Theta[:, 0]) ** 2
    return float(utils.cross_entropy(X @ Theta.T, y)) + lam * squares / 2


def l2_loss_mask(Theta, X, y, lam):
    """Multiply the squares by 0 or 1."""
    mask = np.arange(Theta.shape[1]) > 0
    z = X @ Theta.T
    fit = np.mean(special.logsumexp(z, axis=1) - z[np.arange(len(y)), y])
    return fit + np.sum(lam / 2 * mask * Theta**2)


def l2_gradient_mask(Theta, X, y, lam):
    """Multiply the pull by 0 or 1."""
    P = special.softmax(X @ Theta.T, axis=1)
    P[np.arange(len(y)), y] -= 1
    return P.T @ X / len(y) + lam * Theta * (np.arange(X.shape[1]) > 0)


def l2_gradient_two_parts(Theta, X, y, lam):
    """Put intercepts and weights together at the end."""
    R = (special.softmax(X @ Theta.T, axis=1) - np.eye(len(Theta))[y]) / len(y)
    return np.column_stack([R.sum(axis=0), R.T @ X[:, 1:] + lam * Theta[:, 1:]])


def l2_gradient_from_lesson_04(Theta, X, y, lam):
    """Start from the course's own gradient of the cross-entropy."""
    gradient = utils.descent.softmax_gradient(Theta, X, y)
    gradient[:, 1:] += lam * Theta[:, 1:]
    return gradient


def calibration_path_scikit_learn(lambdas, train, held_out, n_bins):
    """Use scikit-learn's model, with C = 1/(nλ)."""
    rows = []
    for lam in lambdas:
        C = 1 / (lam * len(train[1]))
        model = LogisticRegression(C=C, tol=1e-8, max_iter=5000).fit(*train)
        P = model.predict_proba(held_out[0])
        c, r = utils.top_label(P, held_out[1])
        loss = -np.log(P[np.arange(len(P)), held_out[1]]).mean()
        ece = utils.expected_calibration_error(c, r, n_bins)
        rows.append((np.sqrt((model.coef_**2).sum()), loss, r.mean(), c.mean(), ece))
    return [np.array(column) for column in zip(*rows, strict=True)]


def calibration_path_filled_arrays(lambdas, train, held_out, n_bins):
    """Fill one array, column by column, and unpack it."""
    (A, a), (B, b) = train, held_out
    out = np.empty((5, len(lambdas)))
    for i, lam in enumerate(lambdas):
        model = utils.SoftmaxRegression(lam=lam, tol=1e-8).fit(A, a)
        P = utils.softmax(model.decision_function(B))
        confidence, right = P.max(axis=1), P.argmax(axis=1) == b
        out[0, i] = np.linalg.norm(model.coef_)
        out[1, i] = utils.cross_entropy(model.decision_function(B), b)
        out[2, i] = model.score(B, b)
        out[3, i] = confidence.mean()
        out[4, i] = utils.expected_calibration_error(confidence, right, n_bins)
    return tuple(out)


def choose_lambda_dictionary(lambdas, train, validation, test):
    """Keep the models in a dictionary by their validation loss."""
    models = {}
    for lam in lambdas:
        model = utils.SoftmaxRegression(lam=lam).fit(*train)
        models[utils.cross_entropy(model.decision_function(validation[0]), validation[1])] = model
    best = models[min(models)]
    return float(best.lam), float(utils.cross_entropy(best.decision_function(test[0]), test[1]))


def choose_lambda_scikit_learn(lambdas, train, validation, test):
    """Use scikit-learn's model, and keep the best so far."""
    best_lam, best = lambdas[0], LogisticRegression()
    least = np.inf
    for lam in lambdas:
        C = 1 / (lam * len(train[1]))
        model = LogisticRegression(C=C, tol=1e-8, max_iter=5000).fit(*train)
        loss = -model.predict_log_proba(validation[0])[np.arange(len(validation[1])), validation[1]]
        if loss.mean() < least:
            least, best_lam, best = loss.mean(), lam, model
    losses = -best.predict_log_proba(test[0])[np.arange(len(test[1])), test[1]]
    return best_lam, losses.mean()


def early_stop_while(losses, patience):
    """Walk on while the best step is near."""
    best = t = 0
    while t + 1 < len(losses) and t - best < patience:
        t += 1
        if losses[t] < losses[best]:
            best = t
    return best, t


def early_stop_from_infinity(losses, patience):
    """Start the best loss from infinity, and count the steps that wait."""
    low, best, waited = np.inf, 0, 0
    for step, loss in enumerate(losses):
        if loss < low:
            low, best, waited = loss, step, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best, step


def early_stop_running_minimum(losses, patience):
    """Find the first step whose running minimum is `patience` steps old."""
    lowest = np.minimum.accumulate(losses)
    first = np.array([np.flatnonzero(np.asarray(losses) == low)[0] for low in lowest])
    stale = np.flatnonzero(np.arange(len(losses)) - first >= patience)
    t = stale[0] if len(stale) else len(losses) - 1
    return first[t], t


VARIANTS = {
    "l2_loss": [
        l2_loss_log_softmax,
        l2_loss_squares_of_everything_less_intercepts,
        l2_loss_mask,
    ],
    "l2_gradient": [l2_gradient_mask, l2_gradient_two_parts, l2_gradient_from_lesson_04],
    "calibration_path": [calibration_path_scikit_learn, calibration_path_filled_arrays],
    "choose_lambda": [choose_lambda_dictionary, choose_lambda_scikit_learn],
    "early_stop": [early_stop_while, early_stop_from_infinity, early_stop_running_minimum],
}
