"""What a Tensor can compute: all families of operations in one class, so that Tensor inherits one."""

from __future__ import annotations

from .activations import Activations
from .arithmetic import Arithmetic
from .choosing import Choosing
from .comparing import Comparing
from .composed import Composed
from .composed_activations import Thresholds
from .converting import Converting
from .cumulative import Running
from .decompositions import Matrices
from .describing import Describing
from .extremes import Extremes
from .filling import Filling
from .gathering import Gathering
from .indexing import Indexing
from .joining import Joining
from .logsums import LogSums
from .making import Making
from .moving import Moving
from .pairing import Pairing
from .powers import Powers
from .products import Products
from .reducing import Reducing
from .rounding import Rounding
from .shaping import Shaping
from .softmax import Softmaxes
from .sorting import Sorting
from .special import Special
from .statistics import Statistics
from .storage import Storage
from .trigonometry import Trigonometry


class Families(
    Activations,
    Arithmetic,
    Choosing,
    Comparing,
    Composed,
    Converting,
    Describing,
    Extremes,
    Filling,
    Gathering,
    Indexing,
    Joining,
    LogSums,
    Making,
    Matrices,
    Moving,
    Pairing,
    Powers,
    Products,
    Reducing,
    Rounding,
    Running,
    Shaping,
    Softmaxes,
    Sorting,
    Special,
    Statistics,
    Storage,
    Thresholds,
    Trigonometry,
):
    """The methods and operators of Tensor that are no part of the graph; each family has a file in `ops/`."""

    __slots__ = ()
