"""The bank's Markdown as the XHTML of QTI, and XHTML from any tool as Markdown.

What comes in goes through a closed list of elements: of everything else only the text is kept, and it is
reported. The Markdown is then rendered and compared with what came in, so that a text that happens to look
like Markdown (``*``, ``1.``) stays the text it was.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from lxml import etree, html

from item_bank.presentation import render, render_inline

QTI = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"

Element = etree._Element
Skipped = Callable[[Element], None]

_EMPHASIS = {"strong": "**", "b": "**", "em": "*", "i": "*"}
_HEADINGS = {f"h{number}" for number in range(1, 7)}
_CONTAINERS = {
    *("div", "section", "article", "header", "footer", "aside", "address", "figure", "figcaption", "center"),
    *("qti-content-body", "qti-prompt", "nav", "main", "details", "summary", "ruby"),
}
_BLOCKS = {*_CONTAINERS, *_HEADINGS, "p", "ul", "ol", "pre", "hr", "blockquote", "table", "dl"}
_TRANSPARENT = {
    *(
        "span",
        "small",
        "big",
        "abbr",
        "acronym",
        "cite",
        "q",
        "label",
        "u",
        "kbd",
        "samp",
        "var",
        "dfn",
        "tt",
    ),
    *("bdi", "bdo", "font", "ins", "dd", "dt", "li", "td", "th", "tr", "tbody", "thead", "tfoot", "caption"),
}
_WORTHLESS_TEXT = {"script", "style", "template", "noscript", "head", "title"}
_BLANKS = re.compile(r"[ \t\r\n\f]+")  # not the no-break space, which French typography needs
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_STAND_IN = re.compile("\ue000(\\d+)\ue001")


def local(node: Element) -> str:
    """Return the name of an element without its namespace."""
    return str(etree.QName(node).localname)


def element(name: str, attributes: dict[str, str] | None = None, *content: str | Element) -> Element:
    """Return a QTI element with its content: texts and elements, in order."""
    made = etree.Element(f"{{{QTI}}}{name}", attributes or {})
    append(made, content)
    return made


def append(parent: Element, content: Iterable[str | Element]) -> None:
    """Add texts and elements, in order, at the end of `parent`."""
    for part in content:
        if not isinstance(part, str):
            parent.append(part)
        elif len(parent):
            parent[-1].tail = (parent[-1].tail or "") + part
        else:
            parent.text = (parent.text or "") + part


# --- Markdown to XHTML ---------------------------------------------------------------------------------------


def blocks(markdown: str) -> list[str | Element]:
    """Return Markdown as the paragraphs, lists and tables of QTI."""
    return from_html(render(markdown))


def inline(markdown: str) -> list[str | Element]:
    """Return a short Markdown text as inline content of QTI."""
    return from_html(render_inline(markdown))


def from_html(safe_html: str) -> list[str | Element]:
    """Return HTML made by :mod:`item_bank.presentation` as QTI content; its zones become hottext."""
    return list(_converted(_parsed(safe_html)))


def _parsed(safe_html: str) -> Element:
    parsed: Element = html.fragment_fromstring(safe_html, create_parent="div")
    return parsed


def _converted(parent: Element) -> Iterator[str | Element]:
    if parent.text:
        yield parent.text
    for child in parent:
        zone = child.get("data-zone")
        if zone is not None:
            yield element("qti-hottext", {"identifier": zone}, *_converted(child))
        else:
            attributes = {str(name): str(value) for name, value in child.attrib.items()}
            yield element(str(child.tag), attributes, *_converted(child))
        if child.tail:
            yield child.tail


# --- XHTML to Markdown ---------------------------------------------------------------------------------------


def to_markdown(parent: Element, skipped: Skipped) -> str:
    """Return the content of an element as Markdown that renders to the same page.

    Hottext becomes ``[[id|words]]``. `skipped` is told of each element that could not be kept as it was.
    """
    return _faithful(parent, skipped, _Writer.page, render)


def to_inline_markdown(parent: Element, skipped: Skipped) -> str:
    """Return the content of an element as one short Markdown text."""
    return _faithful(parent, skipped, _Writer.line, render_inline)


def _faithful(
    parent: Element, skipped: Skipped, write: Callable[[_Writer, Element], str], to_html: Callable[[str], str]
) -> str:
    wanted = _trace(parent)
    bare = _Writer(skipped, escaping=False)
    text = write(bare, parent)
    if _trace(_parsed(to_html(text)), own=True) == wanted:
        return bare.with_zones(text)
    escaped = _Writer(lambda _: None, escaping=True)
    text = write(escaped, parent)
    if _trace(_parsed(to_html(text)), own=True) != wanted:
        skipped(parent)
    return escaped.with_zones(text)


def _trace(parent: Element, *, own: bool = False) -> tuple[str, ...]:
    """Return what a reader sees: words, emphasis, list items, cells, in order; not how they are wrapped.

    In what was rendered here (`own`), and there alone, the stand-ins of zones are let through.
    """
    parts: list[str] = []
    zones = iter(range(1_000_000))

    def word(text: str | None) -> None:
        if text:
            parts.append(text if own else _visible(text))

    def visit(node: Element) -> None:
        name = local(node)
        if name == "qti-hottext":
            parts.append(f"\ue000{next(zones)}\ue001")
            return
        if name in _WORTHLESS_TEXT:
            return
        if name == "img":
            word(node.get("alt"))
            return
        mark = {"b": "strong", "i": "em", "th": "td"}.get(name, "h" if name in _HEADINGS else name)
        marked = mark in {"strong", "em", "code", "li", "td", "h", "blockquote", "pre", "hr", "br"}
        parts.append(f"<{mark}>" if marked else "¶" if name in _BLOCKS else "")
        if name == "pre":
            parts.append("".join(str(text) for text in node.itertext()).strip("\n"))
        else:
            inside(node)
        parts.append(f"</{mark}>" if marked else "¶" if name in _BLOCKS else "")

    def inside(node: Element) -> None:
        word(node.text)
        for child in node:
            visit(child)
            word(child.tail)

    inside(parent)
    flat = _BLANKS.sub(" ", "".join(parts))
    # where a paragraph begins matters between two texts only
    pieces = re.split(r"(</?(?:strong|em|code|li|td|h|blockquote|pre|hr|br)>|¶)", flat)
    kept = [piece.strip(" ") if index % 2 == 0 else piece for index, piece in enumerate(pieces)]
    kept = [piece for piece in kept if piece]
    return tuple(
        piece
        for index, piece in enumerate(kept)
        if piece != "¶"
        or (0 < index < len(kept) - 1 and not _is_mark(kept[index - 1]) and not _is_mark(kept[index + 1]))
    )


def _is_mark(piece: str) -> bool:
    return piece == "¶" or re.fullmatch(r"</?(?:li|td|h|blockquote|pre|hr|br)>", piece) is not None


def _visible(text: str) -> str:
    """Return text without what an XML tool may let through and a bank may not hold."""
    return "".join(
        letter
        for letter in unicodedata.normalize("NFC", text)
        if letter in "\t\n" or unicodedata.category(letter) not in {"Cc", "Cs", "Co"}
    )


class _Writer:
    """Writes Markdown; zones stand in as numbers, for no rule of Markdown to see them."""

    def __init__(self, skipped: Skipped, *, escaping: bool) -> None:
        self.skipped = skipped
        self.escaping = escaping
        self.zones: list[tuple[str, str]] = []

    def with_zones(self, text: str) -> str:
        return _STAND_IN.sub(lambda found: "[[{}|{}]]".format(*self.zones[int(found[1])]), text)

    def page(self, parent: Element) -> str:
        return "\n\n".join(self.paragraphs(parent))

    def line(self, parent: Element) -> str:
        return self.inside(parent).strip(" \n")

    def text(self, text: str | None) -> str:
        words = _BLANKS.sub(" ", _visible(text or ""))
        return _PUNCTUATION.sub(r"\\\1", words) if self.escaping else words

    def inside(self, parent: Element) -> str:
        return self.text(parent.text) + "".join(self.span(child) + self.text(child.tail) for child in parent)

    def span(self, node: Element) -> str:
        name = local(node)
        if name in _EMPHASIS:
            inner = self.inside(node)
            words = inner.strip(" ")
            if not words:
                return inner
            before, _, after = inner.partition(words)
            return f"{before}{_EMPHASIS[name]}{words}{_EMPHASIS[name]}{after}"
        if name == "br":
            return "\\\n"
        if name == "code":
            words = _BLANKS.sub(" ", _visible("".join(str(text) for text in node.itertext()))).strip(" ")
            fence = "`" * (max((len(run) for run in re.findall("`+", words)), default=0) + 1)
            around = " " if words.startswith("`") or words.endswith("`") else ""
            return f"{fence}{around}{words}{around}{fence}" if words else ""
        if name == "qti-hottext":
            words = _BLANKS.sub(" ", _visible("".join(str(text) for text in node.itertext()))).strip(" ")
            self.zones.append((str(node.get("identifier") or "?"), words))
            return f"\ue000{len(self.zones) - 1}\ue001"
        if name in _BLOCKS:
            return f" {self.inside(node)} "
        if name not in _TRANSPARENT:
            self.skipped(node)
        if name == "img":
            return self.text(node.get("alt"))
        return "" if name in _WORTHLESS_TEXT else self.inside(node)

    def paragraphs(self, parent: Element) -> list[str]:
        found: list[str] = []
        run = self.text(parent.text)
        for child in parent:
            if local(child) in _BLOCKS:
                found += [run.strip(" \n"), *self.block(child)]
                run = ""
            else:
                run += self.span(child)
            run += self.text(child.tail)
        return [text for text in (*found, run.strip(" \n")) if text]

    def block(self, node: Element) -> list[str]:
        name = local(node)
        if name in _CONTAINERS:
            return self.paragraphs(node)
        if name in _HEADINGS:
            return [f"### {words}"] if (words := self.line(node)) else []
        if name in ("ul", "ol"):
            return self.items(node, ordered=name == "ol")
        if name == "pre":
            code = _visible("".join(str(text) for text in node.itertext())).strip("\n")
            fence = "`" * max(3, max((len(run) for run in re.findall("`+", code)), default=0) + 1)
            return [f"{fence}\n{code}\n{fence}"]
        if name == "hr":
            return ["---"]
        if name == "blockquote":
            return ["\n".join(f"> {line}".rstrip() for line in self.page(node).split("\n"))]
        if name == "table":
            return self.table(node)
        if name == "dl":
            return [self.line(child) for child in node]
        return [self.line(node)]

    def items(self, node: Element, *, ordered: bool) -> list[str]:
        start = str(node.get("start") or "1")
        number = int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 1
        lines: list[str] = []
        for child in node:
            mark = f"{number}. " if ordered else "- "
            content = self.paragraphs(child)
            nested = any(local(below) in ("ul", "ol") for below in child)
            text = ("\n" if nested else "\n\n").join(content) or " "
            lines.append(mark + text.replace("\n", "\n" + " " * len(mark)))
            number += 1
        return ["\n".join(lines)] if lines else []

    def table(self, node: Element) -> list[str]:
        rows = [
            [
                self.line(cell).replace("\\\n", " ").replace("|", "\\|")
                for cell in row
                if local(cell) in ("td", "th")
            ]
            for row in node.iter()
            if local(row) == "tr"
        ]
        if self.escaping:
            rows = [[cell.replace("\\\\|", "\\|") for cell in row] for row in rows]
        width = max((len(row) for row in rows), default=0)
        captions = [self.line(child) for child in node if local(child) == "caption"]
        if not width:
            return captions
        lines = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |" for row in rows]
        return [*captions, "\n".join([lines[0], "|" + "---|" * width, *lines[1:]])]
