"""The interactive page: a picture, the numbers behind it, and backward played step by step, in one HTML file.

page.py puts it together from studies.py (what the studies say), replay.py (backward, event by event), reading.py (a
text and what was guessed), summary.py (arrays made small). inline.py shows it in a notebook. In assets/ are page.html,
page.css and the script: numbers.js (data and words), graph.js (pan, zoom, marks), panel.js (the node selected),
table.js (search), play.js, reading.js, charts.js, flow.js (gradients over time), main.js (time, keys, start).
"""
