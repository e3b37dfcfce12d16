"""How it is written: svg.py with shapes.py, legend.py and play.py (backward, played), dot.py (and Graphviz),
mermaid.py, text.py. Whatever comes from users goes through quote.py.
"""
