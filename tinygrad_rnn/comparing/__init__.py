"""`compare` trains several cells on one task, each with several learning rates and seeds, and sets each at its own best rate
beside the others.

Read grid (which runs there are), one_run (one of them, in its folder), workers (processes that train them, and are
replaced), cluster (the same on Dask), sweep (all of them), comparison (what came out).
"""

from .compare import compare as compare
from .comparison import Comparison as Comparison, Row as Row
from .grid import Asked as Asked, Outcome as Outcome
