"""What the lectures claim about learning, tried out: each file is a claim, its experiment, and its verdict.

`CLAIMS` has them by name; `tinygrad-rnn claim NAME` runs one. claim.py, training.py and finished.py have what they
share.

On gradients    gradients.py cures.py range.py truncation.py
On models       ladder.py variants.py sharing.py bidirectional.py bottleneck.py speed.py
"""

from __future__ import annotations

from .bidirectional import Bidirectional as Bidirectional
from .bottleneck import Bottleneck as Bottleneck
from .claim import Claim as Claim, Point as Point
from .cures import Cures as Cures
from .gradients import Gradients as Gradients
from .ladder import Ladder as Ladder
from .range import Range as Range
from .sharing import Sharing as Sharing
from .speed import Speed as Speed
from .truncation import Truncation as Truncation
from .variants import Variants as Variants

CLAIMS: dict[str, type[Claim]] = {
    claim.name: claim
    for claim in (
        Range, Gradients, Cures, Bottleneck, Ladder, Variants, Sharing, Truncation, Speed, Bidirectional,
    )
}  # fmt: skip
