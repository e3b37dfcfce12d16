"""Series of numbers whose next ones are to be said: noisy sines, the Lorenz attractor, an autoregression."""

from __future__ import annotations

import numpy as np

Arrays = tuple[np.ndarray, ...]
AR2 = (1.6, -0.8)  # stationary, with a period of about 13 steps


def sines(rng: np.random.Generator, count: int, length: int, noise: float = 0.05) -> Arrays:
    """x, y (count, length, 1): a sine of random phase and a period of 10..30 steps, with noise; y_t = sin one step later, bare."""
    phase, period = rng.uniform(0, 2 * np.pi, (count, 1)), rng.uniform(10, 30, (count, 1))
    wave = np.sin(2 * np.pi * np.arange(length + 1) / period + phase)
    x = wave[:, :-1] + rng.normal(0, noise, (count, length))
    return x.astype(np.float32)[:, :, None], wave[:, 1:].astype(np.float32)[:, :, None]


def lorenz(rng: np.random.Generator, count: int, length: int, ahead: int = 5, dt: float = 0.02) -> Arrays:
    """x (count, length, 3): the three coordinates, of unit size about; y the same `ahead` steps later (Lorenz 1963).

    u' = 10 (v - u)        v' = u (28 - w) - v        w' = u v - 8/3 w          (Runge-Kutta, steps of dt)
    """
    state = rng.normal((0, 0, 25), 1, (count, 3))
    path = np.empty((100 + length + ahead, count, 3))
    for t in range(len(path)):
        k1 = _flow(state)
        k2 = _flow(state + 0.5 * dt * k1)
        k3 = _flow(state + 0.5 * dt * k2)
        state = path[t] = state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + _flow(state + dt * k3))
    path = ((path[100:] - [0.0, 0.0, 23.5]) / [8.0, 9.0, 8.6]).transpose(1, 0, 2).astype(np.float32)  # on the attractor
    return path[:, :length], path[:, ahead:]


def _flow(state: np.ndarray) -> np.ndarray:
    u, v, w = state.T
    return np.stack([10 * (v - u), u * (28 - w) - v, u * v - 8 / 3 * w], 1)


def autoregression(rng: np.random.Generator, count: int, length: int) -> Arrays:
    """x, y (count, length, 1): x_t = 1.6 x_{t-1} - 0.8 x_{t-2} + e_t, e_t of variance 1; y is x one step later.

    Nobody does better than the error 1; "as it was" has the error E (x_{t+1} - x_t)².
    """
    noise = rng.normal(0, 1, (50 + length + 1, count))
    values = np.zeros_like(noise)
    for t in range(2, len(values)):
        values[t] = AR2[0] * values[t - 1] + AR2[1] * values[t - 2] + noise[t]
    values = values[50:].T[:, :, None].astype(np.float32)
    return values[:, :-1], values[:, 1:]
