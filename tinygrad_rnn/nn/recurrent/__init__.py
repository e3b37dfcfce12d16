"""Recurrence, in a straight line: a cell's equations (cells/), one cell through time (through_time.py), any cell as a
layer (recurrent.py), RNN, LSTM and GRU (layers.py, and layer_base.py for what they share), a whole sequence as one node
(fused.py), packed sequences (packing.py).
"""
