"""What a training program keeps around its loop, so that nothing is lost: a folder of its own, a checkpoint that is
never old, ways out that save first, and output that any terminal takes and whose loss stops nothing.

    setup.py                   what a run is asked to do, as plain values; from that task and model
    loop.py, outcome.py        the training of `tg.fit` (../fitting.py), step by step; its figure, numbers and words
    folders.py, checkpoint_file.py, environment.py   a folder of its own; a file to go on from; versions and machine
    stopping.py, terminal.py, progress.py            signals; output that never fails; how far it is
"""

from .checkpoint_file import Checkpoints as Checkpoints
from .environment import differences as differences, environment as environment
from .folders import claimed as claimed, new_folder as new_folder
from .progress import Progress as Progress
from .stopping import Stopped as Stopped, WaysOut as WaysOut
from .terminal import Terminal as Terminal
