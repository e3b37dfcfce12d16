"""Recurrent layers over whole sequences: forward and backward in NumPy, arrays in, arrays out.

Each file is one cell's mathematics, and names the readable cell in nn/recurrent/cells/ that it must equal; a test
holds the two equal. What makes them fast:

- Features come first: buffers are (T, features, B), so that each gate is one contiguous block.
- Everything that does not depend on the step before is done for all steps at once, before or after the loop.
- The loop itself works in place on views made beforehand: no allocation, no Python numbers; and it calls `W.dot`, which
  gets to work a third of a microsecond sooner than `np.dot`.
"""
