"""Other right answers to the exercises of lesson 04."""

import numpy as np
from scipy import special


def softmax_gradient_mean_of_outer_products(Theta, X, y):
    """Average the outer products (p − y) xᵀ, example by example."""
    total = np.zeros(Theta.shape)
    for x, label in zip(X, y, strict=True):
        residual = special.softmax(Theta @ x)
        residual[label] -= 1
        total += np.outer(residual, x)
    return total / len(X)


def softmax_gradient_fancy_indexing(Theta, X, y):
    """Take 1 off the true class's probability instead of building Y."""
    P = special.softmax(X @ Theta.T, axis=1)
    P[np.arange(len(y)), y] -= 1
    return np.dot(X.T, P).T / y.size


def softmax_gradient_einsum(Theta, X, y):
    """Sum over the examples with einsum; the probabilities through log-sum-exp."""
    z = X @ Theta.T
    P = np.exp(z - special.logsumexp(z, axis=1, keepdims=True))
    Y = y[:, None] == np.arange(len(Theta))
    return np.einsum("nk,nj->kj", P - Y, X) / len(X)


def softmax_gradient_weights_and_intercepts_apart(Theta, X, y):
    """Treat the intercepts by themselves, as published code does, with the right axis."""
    R = special.softmax(X @ Theta.T, axis=1) - np.eye(len(Theta))[y]
    return np.column_stack([R.mean(axis=0), R.T @ X[:, 1:] / len(X)])


def numerical_gradient_old_value_put_back(f, theta, h):
    """Move theta itself, and put the old value back exactly."""
    theta = np.array(theta, dtype=float)
    gradient = np.empty(theta.shape)
    for place, old in np.ndenumerate(theta.copy()):
        theta[place] = old + h
        above = f(theta)
        theta[place] = old - h
        gradient[place] = (above - f(theta)) / (2 * h)
        theta[place] = old
    return gradient


def numerical_gradient_rows_of_the_identity(f, theta, h):
    """Step along the rows of an identity matrix."""
    steps = h * np.eye(theta.size)
    slopes = [
        (f(theta + s.reshape(theta.shape)) - f(theta - s.reshape(theta.shape))) / 2 / h
        for s in steps
    ]
    return np.reshape(slopes, theta.shape)


def numerical_gradient_mean_of_two_sides(f, theta, h):
    """Average the two one-sided differences."""
    gradient = np.zeros(theta.shape)
    here = f(theta)
    for place in np.ndindex(*theta.shape):
        above, below = theta.astype(float), theta.astype(float)
        above[place], below[place] = above[place] + h, below[place] - h
        gradient[place] = ((f(above) - here) / h + (here - f(below)) / h) / 2
    return gradient


def gradient_descent_losses_in_a_list(X, y, n_classes, lr, n_steps):
    """Append losses to a list, and move Theta in place."""
    Theta, history = np.zeros((n_classes, X.shape[1])), []
    for step in range(n_steps + 1):
        logs = special.log_softmax(X @ Theta.T, axis=1)
        history.append(-logs[np.arange(len(y)), y].mean())
        if step < n_steps:
            Theta -= lr * softmax_gradient_einsum(Theta, X, y)
    return Theta, history


def gradient_descent_transposed_inside(X, y, n_classes, lr, n_steps):
    """Keep the weights as (d+1, K) inside; turn them round at the end."""
    n, W, Y = len(X), np.zeros((X.shape[1], n_classes)), np.eye(n_classes)[y]
    history = np.full(n_steps + 1, np.log(n_classes))
    for step in range(n_steps):
        W = W + lr / n * X.T @ (Y - special.softmax(X @ W, axis=1))
        history[step + 1] = -(Y * special.log_softmax(X @ W, axis=1)).sum() / n
    return W.T, history


def gradient_descent_by_matrices(X, y, n_classes, lr, n_steps):
    """Track the scores, whose steps are a matrix times the residuals."""
    Y, kernel = np.eye(n_classes)[y], X @ X.T / len(X)
    Z, pulls = np.zeros((len(X), n_classes)), np.zeros((len(X), n_classes))
    history = []
    for _ in range(n_steps):
        history.append(np.mean(special.logsumexp(Z, axis=1) - (Y * Z).sum(axis=1)))
        residual = special.softmax(Z, axis=1) - Y
        pulls -= lr * residual
        Z = Z - lr * kernel @ residual
    history.append(np.mean(special.logsumexp(Z, axis=1) - (Y * Z).sum(axis=1)))
    return pulls.T @ X / len(X), np.array(history)


def minibatches_split(n, batch_size, rng):
    """Split a permutation at the multiples of batch_size."""
    return np.split(rng.permutation(n), np.arange(batch_size, n, batch_size))


def minibatches_shuffled_list(n, batch_size, rng):
    """Shuffle a plain list and cut slices off its front."""
    order, batches = list(range(n)), []
    rng.shuffle(order)
    while order:
        batches.append(order[:batch_size])
        order = order[batch_size:]
    return batches


def minibatches_sorted_noise(n, batch_size, rng):
    """Sort random numbers, and give a tuple of batches."""
    order = np.argsort(rng.random(n))
    return tuple(order[i : i + batch_size] for i in range(0, n, batch_size))


def minibatches_drawn_without_replacement(n, batch_size, rng):
    """Draw all n without replacement; the last batch by itself."""
    order = rng.choice(n, size=n, replace=False)
    full = n - n % batch_size
    batches = list(order[:full].reshape(-1, batch_size))
    return [*batches, order[full:]] if full < n else batches


VARIANTS = {
    "softmax_gradient": [
        softmax_gradient_mean_of_outer_products,
        softmax_gradient_fancy_indexing,
        softmax_gradient_einsum,
        softmax_gradient_weights_and_intercepts_apart,
    ],
    "numerical_gradient": [
        numerical_gradient_old_value_put_back,
        numerical_gradient_rows_of_the_identity,
        numerical_gradient_mean_of_two_sides,
    ],
    "gradient_descent": [
        gradient_descent_losses_in_a_list,
        gradient_descent_transposed_inside,
        gradient_descent_by_matrices,
    ],
    "minibatches": [
        minibatches_split,
        minibatches_shuffled_list,
        minibatches_sorted_noise,
        minibatches_drawn_without_replacement,
    ],
}
