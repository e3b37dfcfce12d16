"""The command line: one file per command, what they share in arguments.py, and the ways out in commands.py.

train.py and run_config.py (a run from options, folder or checkpoint), tasks.py, compare.py, claim.py, sample.py;
draw.py and study.py, both through picture_of_run.py (the loss of a run as a graph); demo.py, run.py (a PyTorch script),
convert.py (its files).
"""

from .commands import main as main
