"""The tests. A folder for each room of the package, of the same name; and folders for promises that all rooms give.

Rooms           engine/ (the book, autograd/), ops/ (table.py: a row for each op), nn/, models/, optim/, data/, interop/, study/,
                viz/, tasks/, runs/, comparing/, claims/
As PyTorch      parity/ (values, errors, printing), names/ (its names that programs need less often), torch_style/ (programs
                and forms), tutorials/ (such programs), reference/ (its numbers, for where it is not installed)
Odd input       doors/ (arrays and numbers from outside), edges/ (no dimensions, no elements), messages/ (what errors name)
A user's side   typed/ (programs under pyright and mypy), promises.py (what examples say)
Here            test_floors.py (who may import whom), test_map.py (CONTRIBUTING and the lists of files are true), layouts.py
                (numbers that lie in memory in other ways)
"""
