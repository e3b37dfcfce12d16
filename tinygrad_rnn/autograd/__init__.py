"""Differentiation: `backward` and `grad`, own rules, numerical checks, NaN detection, Jacobians.

The engine is in ../engine.py and ../gradients.py; here is what is built on it.
"""

from .._mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from ..gradients import backward, grad
from ..torch_paths import Variable
from . import functional
from .anomaly import detect_anomaly, is_anomaly_enabled, set_detect_anomaly
from .function import Function
from .gradcheck import GradcheckError, gradcheck, gradgradcheck
