"""Differentiation: `backward` and `grad`, own rules, numerical checks, NaN detection, Jacobians.

The engine is in ../engine.py and ../gradients.py; here is what is built on it: function.py (rules of the user),
gradcheck.py, anomaly.py (NaN detection), functional.py (Jacobians, Hessians); variable.py and
profiler.py are paths of PyTorch's.
"""

from .._mode import (
    enable_grad as enable_grad,
    inference_mode as inference_mode,
    no_grad as no_grad,
    set_grad_enabled as set_grad_enabled,
)
from ..gradients import backward as backward, grad as grad
from ..torch_paths import Variable as Variable
from . import functional as functional, profiler as profiler
from .anomaly import (
    detect_anomaly as detect_anomaly,
    is_anomaly_enabled as is_anomaly_enabled,
    set_detect_anomaly as set_detect_anomaly,
)
from .function import Function as Function
from .gradcheck import GradcheckError as GradcheckError, gradcheck as gradcheck, gradgradcheck as gradgradcheck
