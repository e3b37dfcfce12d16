"""Labels are data: nothing in a name may break out of DOT, SVG, HTML or Mermaid.

One function per language. Identifiers in the output are always our own; users' text appears only in
labels, and only through these functions.
"""

from __future__ import annotations

import html
import unicodedata

LONGEST = 200  # characters of a label; Graphviz refuses more than 16,384


def clean(text: str) -> str:
    """Without what no language takes: control characters, lone surrogates, excess length."""
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(letter) for letter in text)


def _visible(letter: str) -> str:
    if letter in "\n\t\r":
        return " "
    category = unicodedata.category(letter)
    # Cc control, Cs surrogate; Cf holds the marks that turn text around; the last two of each plane are no characters
    if category in ("Cc", "Cs", "Cf") or (ord(letter) & 0xFFFE) == 0xFFFE or "\ufdd0" <= letter <= "\ufdef":
        return "\ufffd"
    return " " if category in ("Zl", "Zp") else letter


def dot_text(*lines: str) -> str:
    """A quoted DOT string, one line of the label per argument.

    Never HTML-like; '&' is written as an entity because Graphviz decodes entities in labels.
    """
    escaped = (clean(line).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'


def xml_text(text: str) -> str:
    """Text or attribute value of SVG and HTML."""
    return html.escape(clean(text))


def mermaid_text(*lines: str) -> str:
    """A quoted Mermaid label; everything with a meaning there becomes a numeric entity."""
    return '"' + "<br/>".join("".join(map(_mermaid, clean(line))) for line in lines) + '"'


def _mermaid(letter: str) -> str:
    return letter if letter.isalnum() or letter in " ,.+−=→×÷⊙σΣ…_" else f"#{ord(letter)};"
