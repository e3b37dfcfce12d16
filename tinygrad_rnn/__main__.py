"""`python -m tinygrad_rnn`: the same as the command `tinygrad-rnn`."""

import sys

from .cli import main

sys.exit(main())
