"""An LSTM in JAX: one step under `lax.scan`, the gradient compiled as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np

from .timing import Job


def lstm_job(jax: Any, T: int, B: int, I: int, H: int) -> Job:
    """Loss and gradients by weights and input; compiling happens before times are taken."""
    numpy = jax.numpy
    random = np.random.default_rng(0)
    shapes = [(I, 4 * H), (H, 4 * H), (4 * H,), (T, B, I)]
    inputs = [numpy.asarray(random.normal(0, 0.1, shape).astype("float32")) for shape in shapes]
    zeros = numpy.zeros((B, H), "float32")

    def loss(W_x: Any, W_h: Any, b: Any, x: Any) -> Any:
        def step(state: Any, x_t: Any) -> Any:
            h, c = state
            i, f, g, o = numpy.split(x_t @ W_x + h @ W_h + b, 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * numpy.tanh(g)
            h = jax.nn.sigmoid(o) * numpy.tanh(c)
            return (h, c), h

        return jax.lax.scan(step, (zeros, zeros), x)[1].sum()

    gradient = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2, 3)))
    return lambda: jax.block_until_ready(gradient(*inputs))
