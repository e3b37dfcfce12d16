"""What the lectures claim about learning, tried out: each file is a claim, its experiment, and its verdict.

`CLAIMS` has them by name; claim.py says what they have in common. `tinygrad-rnn claim NAME` runs one.
"""

from __future__ import annotations

from .bottleneck import Bottleneck as Bottleneck
from .claim import Claim as Claim, Point as Point
from .gradients import Gradients as Gradients
from .ladder import Ladder as Ladder
from .range import Range as Range
from .truncation import Truncation as Truncation

CLAIMS: dict[str, type[Claim]] = {claim.name: claim for claim in (Range, Gradients, Bottleneck, Ladder, Truncation)}
