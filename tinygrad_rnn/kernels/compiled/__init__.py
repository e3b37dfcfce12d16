"""The same kernels compiled: twins of kernels/{rnn,lstm,gru}.py that run where numba is installed.

The NumPy kernels are the readable truth. A twin takes and returns what they do, a test holds both equal, and what it
does not cover goes to them. `loops.py` holds what is compiled for them, a whole sequence in one call; compiling.py
compiles it, and blas.py finds the matrix product for it. rnn.py, lstm.py and gru.py, with around.py, bring arrays into its
form; `kernels/choice.py` decides which of the two runs. `passes.py` does the same for a few ops on large arrays, whose
rules in `ops/` ask for it.

Compiled code needs no features-first layout: one pass over a row of units does all operations of a step while the
numbers are in registers. So batch comes before features, as in x, and nothing is turned.
"""
