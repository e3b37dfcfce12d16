"""Memory that is freed stays with the process, up to a limit.

A training step makes and drops the same large arrays as the step before. The allocator of Linux (glibc) hands memory
beyond 128 kB back to the operating system as soon as it is freed, and asks for it anew: each page is then mapped and
cleared again, which can cost more than the arithmetic done in it. It learns, though: when a block that came from the
operating system is freed, blocks up to that size are kept from then on, and twice that size of free memory. So one
array of nearly the largest size it learns from (32 MB) is made and dropped here. Its pages are never touched; on other
systems this does nothing.
"""

from __future__ import annotations

import numpy as np

np.empty(31 * 2**20, np.uint8)
