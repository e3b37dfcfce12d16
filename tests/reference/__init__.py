"""Numbers that PyTorch gave, kept beside the programs that gave them, so that they are compared where it is not installed.

A program is a function of the library, `def program(torch): ...`, and returns its results by name. Those of a folder are in
its `programs.py`, as `PROGRAMS`. `python -m tests.reference.make` runs all of them with PyTorch and writes values/*.json;
the folder's `test_reference.py` runs them with tinygrad_rnn. Where PyTorch is installed, the files are checked as well.
"""
