"""Why a gradient is None, zero, NaN, infinite, tiny or huge: `diagnosis.py` asks, the others know the causes."""
