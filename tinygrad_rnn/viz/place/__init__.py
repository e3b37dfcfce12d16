"""Where it goes: views.py chooses a view; fold.py (which steps are shown), grid.py (columns and rows), align.py (equal
steps look equal), layout.py (inside a step), tracks.py (lines between steps) and arrange.py (all together) place it;
rolled.py (one step for all), strip.py (the gradients under the picture).
"""
