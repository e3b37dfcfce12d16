"""What is in the picture, in this order: items and links of the graph (items.py), their time steps (time_steps.py) and
names (names.py; of constants, from the caller's lines: written.py), what fused nodes hold (opened.py), gradients as
numbers (gradients.py), operations that share a box (grouping.py), the words on it (labels.py), the boxes of each step
(tiles.py), and what a view hands to a writer (boxes.py).
"""
