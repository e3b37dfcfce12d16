"""Pictures and pages inside a notebook.

JupyterLab and VS Code show HTML without scripts even where a notebook is not trusted, but neither inline SVG nor scripts
there, nor frames. So a picture is an image in a box that scrolls, at the size at which it can be read, and a page is a frame
of its own, which may run its script and nothing else: no network, no access to the notebook. Where the frame is taken out,
the words inside it are left.
"""

from __future__ import annotations

import base64
import html
import re

UNTRUSTED = "An interactive graph: this notebook is not trusted, or its viewer shows no frames. Run the cell to see it, or drawing.save('graph.html')."


def inline(svg: str, title: str) -> str:
    """An SVG document as HTML that needs no script: never shrunk to the width of the notebook, but scrolled."""
    found = re.search(r'<svg[^>]*?\bwidth="([\d.]+)', svg)
    width = f"{float(found[1]):.0f}px" if found else "100%"
    data = base64.b64encode(svg.encode()).decode()
    return (
        f'<div style="overflow-x:auto;max-width:100%"><img alt="{html.escape(title)}" '
        f'src="data:image/svg+xml;base64,{data}" style="width:{width};max-width:none"/></div>'
    )


class Page:
    """An interactive page that a notebook shows; `html` is its text."""

    def __init__(self, html: str, height: int):
        self.html: str = html
        self.height: int = height

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" sandbox="allow-scripts" title="interactive graph" '
            f'style="display:block;box-sizing:border-box;width:100%;height:{self.height}px;border:1px solid #bbb">{UNTRUSTED}</iframe>'
        )

    def __repr__(self) -> str:
        return f"<Page: {len(self.html):,} characters; a notebook shows it, drawing.save('graph.html') writes it>"
