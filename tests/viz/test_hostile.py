"""Names of modules, scopes, parameters and variables are data in every writer: none can become structure."""

from __future__ import annotations

import html.parser
import json
import re
from functools import cache
from xml.etree import ElementTree

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, record
from tinygrad_rnn.viz import draw
from tinygrad_rnn.viz.page.page import to_json
from tinygrad_rnn.viz.write.quote import clean, mermaid_text

NAMES = [
    'say "hi"', "'single' onload='x'", "ends with a backslash\\", "\\N \\G \\l", "</title><script>alert(1)</script>", "]]> <!-- --> <?xml?>",
    "a &lt; b &#60;script&#62;", "nul \x00 bell \x07", "lone \ud800 surrogate", "line\nbreak\r\ttab", "cell:1 {a|b} [c] ; --> -- }",
    "σ ⊙ ℝ 漢字 🙂", "right\u202eto left \ufffe", "x" * 20_000, 'x"];evil [label="', "end\nclick n0 call", "${1}`{{data}}\u2028",
    "a.</g><g onload=1>.b",
]  # fmt: skip


def picture_of(name):
    """A loop in two scopes, two modules and a parameter, all called `name`, with two outputs of one operation named."""

    class Inner(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(tg.full((4,), 0.5))
            self.w.name = name

        def forward(self, h):
            return (h * self.w).tanh() * self.w

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            for end in "ab":
                self.add_module(name.replace(".", " ") + end, Inner())

        def forward(self, h):
            for inner in self.children():
                h = inner(h).exp()
            return h

    outer, h, kept = Outer(), tg.ones(4), []
    with record():
        for t in range(3):
            with tg.scope(name), tg.step(t, direction=name):
                h = outer(h) if t < 2 else outer(h).sigmoid()
                a, b = h.chunk(2)
                h = tg.cat([b, a.detach()])
            kept.append(h)
        with tg.scope(name):
            loss = sum(kept).sum()
    return draw(loss, view="op", engine="builtin", names={name: a, name + "2": b, "h": h})


def arrives(name, texts):
    """Is the longest part of the name, as far as a box has room for it, in one of the texts?"""
    return any(max(clean(name).split("."), key=len)[:8] in text for text in texts)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_no_name_becomes_structure(name):
    drawing = picture_of(name)
    check_text(drawing)
    check_mermaid(drawing.mermaid())
    for view in ("op", "module"):
        check_dot(drawing.with_view(view).dot(), name)
    page = drawing.html(title=name, losses=[1.0, 2.0])
    check_page(page, name)
    views = re.findall(r"<svg.*?</svg>", page, re.S)
    assert len(views) == 4
    for svg in views:
        check_svg(svg, name)


TAGS = {"svg", "title", "style", "rect", "text", "g", "path", "ellipse", "polygon"}


def check_svg(svg, name):
    elements = list(ElementTree.fromstring(svg).iter())
    assert {element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in elements} <= TAGS
    assert not {key for element in elements for key in element.attrib if key.startswith("on") or "href" in key}
    assert all(re.fullmatch(r"[\w-]+", element.attrib.get("id", "none")) for element in elements)
    assert re.findall("<!--.*?-->", svg) == ["<!-- drawn by tinygrad_rnn, layout: builtin -->"]
    assert arrives(name, [element.text or "" for element in elements if element.tag.endswith("text")])


QUOTED = r'"(?:[^"\\]|\\.)*"'
ATTRIBUTES = r'\w+=(?:""|[\w.-]+)(?:,? \w+=(?:""|[\w.-]+))*'
DOT_LINE = re.compile(
    rf"digraph tinygrad_rnn {{|(?:graph|node|edge) \[{ATTRIBUTES}\]|}}"
    rf"|subgraph cluster_\d+ {{ (?:\w+=\"\";? ?)*"
    rf"|subgraph cluster_\d+_\d+ {{ (?:\w+=(?:\"\"|\d+);? )*(?:b\d+; ?)* ?}}"
    rf"|\w+ \[{ATTRIBUTES}\]|\w+ -> \w+ \[{ATTRIBUTES}\]"
)


def check_dot(text, name):
    """Without its strings, each line is one of the few that the writer writes."""
    for line in re.sub(QUOTED, '""', text).splitlines():
        assert DOT_LINE.fullmatch(line), line
    labels = [re.sub(r"\\(.)", r"\1", label).replace("&amp;", "&") for label in re.findall(rf"label=({QUOTED})", text)]
    assert arrives(name, labels)
    assert "\0" not in text


MERMAID_LINE = re.compile(
    r'flowchart LR|subgraph s\d+ \[""\]|end|\w+(?:\[""\]|\(\[""\]\)|>""\]|\{\{""\}\}|\(\(""\)\))'
    r"|\w+ (?:-\. cut \.->|==>|-->) \w+"
)


def check_mermaid(text):
    for line in re.sub(r'"[^"\n]*"', '""', text).splitlines():
        assert MERMAID_LINE.fullmatch(line), line


def check_text(drawing):
    lines = drawing.text().split("\n")
    assert not [letter for line in lines for letter in line if ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0]
    model = drawing.model
    shown = sum(map(len, model.tiles.values())) + len(model.rest) + len(model.tiles) + bool(model.rest)
    assert len(lines) == 1 + len(drawing.picture.remarks) + 1 + shown  # title, notes, parameters, operations
    assert "\u202e" not in drawing.text()


@cache
def plain_page():
    return picture_of("plain").html(title="plain", losses=[1.0, 2.0])


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes = [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {key for key, _ in attrs}


def check_page(text, name):
    plain, hostile = Page(), Page()
    for page, content in ((plain, plain_page()), (hostile, text)):
        page.feed(re.sub("<svg.*?</svg>", "<svg>", content, flags=re.S))  # these are looked at by themselves
    assert set(hostile.tags) == set(plain.tags)
    assert hostile.attributes == plain.attributes
    for tag in ("script", "style", "svg", "meta"):
        assert hostile.tags.count(tag) == plain.tags.count(tag)
    text.encode()
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])
    assert data["title"] == clean(name)
    shown = {key: [node.get(key) for node in data["nodes"] if key in node] for key in ("name", "module", "direction")}
    assert clean(name) in shown["direction"]
    assert any(module.startswith(clean(name)[:100]) for module in shown["module"])
    assert clean(name) in shown["name"] or any(clean(name)[:50] in shown_name for shown_name in shown["name"])


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_data_of_a_page_cannot_end_its_element(name):
    text = to_json({name: [name]})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == json.loads(json.dumps({name: [name]}))
    assert not re.search(r'[<>"\[\]{}()|`\n]', mermaid_text(name)[1:-1].replace("<br/>", ""))


def test_modules_kept_under_any_key_can_be_drawn():
    for name in NAMES[4:8]:
        modules = nn.ModuleDict({name.replace(".", " "): nn.Linear(2, 2)})
        [linear] = modules.values()
        with tg.scope(name):
            y = linear(tg.ones(1, 2)).relu() + linear(tg.ones(1, 2))
        drawing = draw(y.sum(), view="module", engine="builtin")
        check_svg(drawing.svg(), name)
        check_dot(drawing.dot(), name)
