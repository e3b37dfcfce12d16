"""The backward debugger: the engine's run as events (events.py, event_text.py), the local rules as text (rules.py), and
a walk through them (debugger.py).
"""
