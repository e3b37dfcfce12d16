"""How fast is it, and what does it cost? Ratios against other libraries, all measured in one run.

    python -m benchmarks                      all tables
    python -m benchmarks --only lstm chain    some of them
    python -m benchmarks --quick              small sizes and few rounds: does it run?
    python -m benchmarks --against ../other   this checkout against another one, in rounds that take turns
    python -m benchmarks --write README.md docs/speed.md    the short table that these show
    python -m benchmarks --json times.json --plot cost.svg

Each file is a table or a group of them; timing.py says how time is taken. Libraries that are not
installed are named and left out.
"""
