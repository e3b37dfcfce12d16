"""Why a gradient is None, zero, NaN, infinite, tiny or huge: `diagnosis.py` asks, the others know the causes.

On the way      tracing.py (from the loss to one place), questions.py (one tensor), regions.py (a part of one),
                operands.py (one
                operation with its numbers)
Causes          missing.py (None), vanished.py (zero), nonfinite.py (NaN, Inf), scales.py and drops.py (too small, too
                large)
Answers         answers.py
"""
