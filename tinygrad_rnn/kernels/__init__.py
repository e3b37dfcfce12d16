"""Recurrent layers over whole sequences: forward and backward in NumPy, arrays in, arrays out.

lstm.py, gru.py and rnn.py are a cell's mathematics each, and name the readable cell in nn/recurrent/cells/ that they
must equal; a test holds the two equal. layout.py and workspace.py have the arrays that they share; compiled/ their
twins, and choice.py decides which of the two run. What makes them fast:

- Features come first: buffers are (T, features, B), so that each gate is one contiguous block.
- Everything that does not depend on the step before is done for all steps at once, before or after the loop.
- The loop itself works in place on views made beforehand: no allocation, no Python numbers; and it calls `W.dot`, which
  gets to work a third of a microsecond sooner than `np.dot`.
"""
