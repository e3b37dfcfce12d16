"""`compare` trains several cells on one task, each with several learning rates and seeds, and sets each at its own best
rate beside the others.

Read grid.py (which runs there are), one_run.py (one of them, in its folder), workers.py (processes that train them, and
are replaced), cluster.py (the same on Dask), sweep.py (all of them), progress.py, comparison.py (what came out),
picture.py (its figure), compare.py (all together).
"""

from .compare import compare as compare
from .comparison import Comparison as Comparison, Row as Row
from .grid import Asked as Asked, Outcome as Outcome
