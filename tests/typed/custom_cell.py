"""A typed cell of one's own, through time."""

from __future__ import annotations

import tinygrad_rnn as tg
from tinygrad_rnn import Tensor, nn


class LeakyCell(nn.RNNCellBase):
    gates = 1

    def transition(
        self, x: Tensor, state: tuple[Tensor, ...], masked_h: Tensor | None = None
    ) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
        (h,) = state
        seen = h if masked_h is None else masked_h
        new = (x @ self.weight_ih.T + seen @ self.weight_hh.T).tanh()
        return (0.9 * h + 0.1 * new,), {"new": new}


def run() -> Tensor:
    layer = nn.Recurrent(LeakyCell(3, 4))
    output, h = layer(tg.randn(5, 2, 3))
    total: Tensor = output.sum() + tg.tanh(h).mean()
    total.backward()
    return total


if __name__ == "__main__":
    print(run())
