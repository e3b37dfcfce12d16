"""A typed picture, and a typed file."""

from pathlib import Path

import tinygrad_rnn as tg
from tinygrad_rnn import nn


def draw_and_save(folder: Path) -> Path:
    model = nn.GRU(3, 4)
    with tg.record():
        output, h = model(tg.randn(4, 1, 3))
        loss = output.pow(2).sum() + h.mean()
        loss.backward()
    drawing = tg.draw(loss, grads=True)
    path: Path = drawing.save(folder / "graph.svg")
    tg.save({"model": model.state_dict(), "steps": 4}, folder / "state.tgr")
    assert isinstance(tg.load(folder / "state.tgr"), dict)
    return path


if __name__ == "__main__":
    print(draw_and_save(Path(".")))
