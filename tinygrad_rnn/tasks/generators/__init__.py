"""Data for toy sequence tasks, from NumPy alone: each file can be handed to another library as it is.

A file here draws the arrays for the tasks in the file of the same name one folder up: memory.py, grammars.py,
rewriting.py, sentences.py, senses.py, series.py.

A generator takes a source of random numbers and how many sequences to draw, and returns arrays whose first axis is the
sequence: what the model reads first, what it should say last. Targets of -100 count for nothing.
"""
