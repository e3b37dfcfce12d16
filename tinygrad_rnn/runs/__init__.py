"""What a training program keeps around its loop, so that nothing is lost: a folder of its own, a checkpoint that is never
old, ways out that save first, and output that any terminal takes and whose loss stops nothing.
"""

from .checkpoints import Checkpoints as Checkpoints
from .environment import differences as differences, environment as environment
from .folders import claimed as claimed, new_folder as new_folder
from .progress import Progress as Progress
from .stopping import Stopped as Stopped, WaysOut as WaysOut
from .terminal import Terminal as Terminal
