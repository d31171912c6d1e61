"""Files that no honest tool writes: named attacks, and damage done at random to good files."""

from __future__ import annotations

import copy
import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from item_bank import files, qti, sheets
from item_bank.errors import RefusedImport
from item_bank.item import Item, Testlet

CONTENT = Path(__file__).parents[2] / "item_bank" / "content"


class Good(NamedTuple):
    """Good files to spoil: the parts of a small package, and two sheets."""

    items: tuple[Item, ...]
    testlets: tuple[Testlet, ...]
    parts: Mapping[str, bytes]
    csv: bytes
    xlsx: bytes


@lru_cache(maxsize=1)
def good() -> Good:
    """One item of each interaction and one case of the shipped bank."""
    content = files.read(CONTENT).content
    chosen: dict[str, Item] = {}
    for item in content.items:
        if not item.testlet:
            chosen.setdefault(item.interaction, item)
    case = content.testlets[0]
    items = (*chosen.values(), *(item for item in content.items if item.testlet == case.id))
    package = qti.write_package(items, (case,)).data
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return Good(items, (case,), parts, sheets.write_csv(items).data, sheets.write_xlsx(items).data)


def zipped(parts: Mapping[str, bytes] | Iterable[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    """Return a zip file of these members, as they come."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items() if isinstance(parts, Mapping) else parts:
            archive.writestr(name, content)
    return buffer.getvalue()


def spoiled(name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return the good package with one of its files changed."""
    parts = dict(good().parts)
    parts[name] = change(parts[name])
    return zipped(parts)


def with_member(name: str | zipfile.ZipInfo, content: bytes = b"x") -> bytes:
    """Return the good package with one file more."""
    return zipped([*good().parts.items(), (name, content)])


def item_name() -> str:
    """Return the name of an item's file in the good package."""
    return next(name for name in good().parts if name.startswith("items/"))


# --- named attacks -------------------------------------------------------------------------------------------


def _doctype(declaration: str, use: str = "") -> bytes:
    def change(xml: bytes) -> bytes:
        head, body = xml.split(b"?>", 1)
        body = body.replace(b"</qti-item-body>", f"<p>{use}</p></qti-item-body>".encode(), 1)
        return head + b"?>" + declaration.encode() + body

    return spoiled(item_name(), change)


def _inside_body(more: str) -> bytes:
    return spoiled(
        item_name(), lambda xml: xml.replace(b"</qti-item-body>", more.encode() + b"</qti-item-body>", 1)
    )


def _link(target: bytes) -> bytes:
    info = zipfile.ZipInfo("items/link.xml")
    info.external_attr = (0o120777 << 16) | 0
    return with_member(info, target)


def _raw_names(old: bytes, new: bytes) -> bytes:
    """Change a name where Python would not write it so: in the bytes of the archive."""
    assert len(old) == len(new)
    return with_member(old.decode(), b"x").replace(old, new)


def _encrypted() -> bytes:
    data = bytearray(zipped(good().parts))
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(sign)
        data[place + offset] |= 1
    return bytes(data)


def _wrong_crc() -> bytes:
    data = bytearray(zipped(good().parts))
    for sign, offset in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        place = data.find(sign)
        data[place + offset : place + offset + 4] = struct.pack("<I", 12345)
    return bytes(data)


def _lying_size() -> bytes:
    """A member that declares a thousandth of what it unpacks to."""
    parts = dict(good().parts)
    content = b"a" * 3_000_000
    data = bytearray(zipped({**parts, "big.bin": content}))
    declared = struct.pack("<I", len(content))
    return bytes(data).replace(declared, struct.pack("<I", 3_000))


def _overlapping() -> bytes:
    """A thousand entries of the directory that share one compressed member."""
    body = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = body.compress(b"0" * 60_000) + body.flush()
    name = b"a.bin"
    crc = zlib.crc32(b"0" * 60_000)
    sizes = struct.pack("<IIIHH", crc, len(packed), 60_000, len(name), 0)
    local = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 33) + sizes + name + packed
    entries = b""
    for number in range(1000):
        each = f"b{number:03}".encode() + b"."
        entries += (
            b"PK\x01\x02"
            + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 33)
            + struct.pack("<IIIHHHHHII", crc, len(packed), 60_000, len(each), 0, 0, 0, 0, 0, 0)
            + each
        )
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1000, 1000, len(entries), len(local), 0)
    return local + entries + end


BOMB = "".join(
    [
        '<!DOCTYPE lolz [<!ENTITY lol "lol">',
        *(f'<!ENTITY lol{n} "{f"&lol{n - 1 if n > 1 else str()};" * 10}">' for n in range(1, 10)),
        "]>",
    ]
)


def attacks() -> dict[str, tuple[bytes, str]]:
    """Return each attack by its name, with a word of the sentence that must refuse it."""
    manifest, item = "imsmanifest.xml", item_name()
    parts = good().parts
    own = item.replace("items/", "palier/")
    utf16 = spoiled(item, lambda xml: xml.decode().replace("UTF-8", "UTF-16").encode("utf-16"))
    return {
        "external entity": (_doctype('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "&x;"), "DTD"),
        "entity from the network": (
            _doctype('<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>', "&x;"),
            "DTD",
        ),
        "parameter entity": (
            _doctype('<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]>'),
            "DTD",
        ),
        "external DTD": (_doctype('<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">'), "DTD"),
        "public DTD": (_doctype('<!DOCTYPE a PUBLIC "-//x//y" "file:///etc/hostname">'), "DTD"),
        "billion laughs": (_doctype(BOMB, "&lol9;"), "DTD"),
        "quadratic blow-up": (
            _doctype(f'<!DOCTYPE a [<!ENTITY q "{"q" * 50_000}">]>', "&q;" * 5_000),
            "DTD",
        ),
        "DTD behind a comment": (_doctype('<!-- --><!DOCTYPE a [<!ENTITY x "y">]><!-- -->', "&x;"), "DTD"),
        "DTD within a processing instruction's shadow": (
            _doctype('<?a <!-- ?><!DOCTYPE a [<!ENTITY x "y">]><?b --> ?>', "&x;"),
            "DTD",
        ),
        "undeclared entity": (_inside_body("<p>&nope;</p>"), "well-formed"),
        "XInclude": (
            _inside_body('<include xmlns="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'),
            "XInclude",
        ),
        "XSLT": (
            _inside_body(
                '<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform" version="1.0"/>'
            ),
            "XSLT",
        ),
        "stylesheet instruction": (
            spoiled(item, lambda xml: xml.replace(b"?>", b'?><?xml-stylesheet href="x.xsl" type="text/xsl"?>', 1)),
            "stylesheet",
        ),
        "huge depth": (_inside_body("<div>" * 5_000 + "</div>" * 5_000), ""),
        "some depth": (_inside_body("<div>" * 100 + "</div>" * 100), "deep"),
        "many elements": (_inside_body("<br/>" * 30_000), "elements"),
        "many attributes": (
            _inside_body("<p " + " ".join(f"a{n}='1'" for n in range(500)) + ">x</p>"),
            "attributes",
        ),
        "large XML": (_inside_body(f"<p>{random.Random(0).randbytes(1_500_000).hex()}</p>"), "MiB"),
        "UTF-16": (utf16, "UTF-8"),
        "UTF-16 declared over UTF-8": (
            spoiled(item, lambda xml: xml.replace(b"UTF-8", b"UTF-16")),
            "encoding",
        ),
        "UTF-7 declared": (spoiled(item, lambda xml: xml.replace(b"UTF-8", b"UTF-7")), "encoding"),
        "EBCDIC declared": (spoiled(item, lambda xml: xml.replace(b"UTF-8", b"IBM037")), "encoding"),
        "Latin-1 bytes": (_latin(item), "UTF-8"),
        "NUL in XML": (spoiled(item, lambda xml: xml.replace(b"<p>", b"<p>\0", 1)), "NUL"),
        "control character reference": (_inside_body("<p>&#1;</p>"), "well-formed"),
        "XML cut in the middle": (spoiled(item, lambda xml: xml[: len(xml) // 2]), "well-formed"),
        "empty XML": (spoiled(item, lambda _: b""), "well-formed"),
        "HTML for XML": (spoiled(item, lambda _: b"<!doctype html><p>hello"), "DTD"),
        "DTD in the manifest": (
            spoiled(manifest, lambda xml: xml.replace(b"?>", BOMB.join(["?>", ""]).encode(), 1)),
            "DTD",
        ),
        "DTD in our own part": (
            spoiled(own, lambda xml: xml.replace(b"?>", BOMB.join(["?>", ""]).encode(), 1)),
            "DTD",
        ),
        "manifest names a file outside": (
            spoiled(manifest, lambda xml: xml.replace(item.encode(), b"../../../etc/passwd")),
            "outside",
        ),
        "manifest names an address": (
            spoiled(manifest, lambda xml: xml.replace(item.encode(), b"http://127.0.0.1:9/a.xml")),
            "outside",
        ),
        "manifest names an encoded way out": (
            spoiled(manifest, lambda xml: xml.replace(item.encode(), b"%2e%2e/%2e%2e/etc/passwd")),
            "outside",
        ),
        "manifest moves its base": (
            spoiled(manifest, lambda xml: xml.replace(b"<resources", b'<resources xml:base="/etc/"', 1)),
            "xml:base",
        ),
        "manifest names a missing file": (
            spoiled(manifest, lambda xml: xml.replace(item.encode(), b"items/none.xml")),
            "not in the package",
        ),
        "no manifest": (zipped({name: part for name, part in parts.items() if name != manifest}), "manifest"),
        "manifest without items": (
            spoiled(manifest, lambda xml: re.sub(rb"imsqti_item_xmlv3p0", b"webcontent", xml)),
            "no QTI item",
        ),
        "deep JSON in our own part": (
            spoiled(own, lambda xml: re.sub(rb'>"[^<]*<', b">" + b"[" * 100_000 + b"<", xml, count=1)),
            "cannot be read",
        ),
        "member outside by dots": (with_member("../../evil.xml"), "out of the package"),
        "member outside by dots inside": (with_member("items/../../evil.xml"), "out of the package"),
        "absolute member": (with_member("/etc/cron.d/evil"), "out of the package"),
        "backslash member": (_raw_names(b"items/aaaevil.xml", b"..\\..\\..\\evil.xml"[:17]), "out of the package"),
        "drive letter": (with_member("C:/evil.xml"), "out of the package"),
        "NUL in a name": (_raw_names(b"items/aevil.xml", b"items/a\x00evil.xm"[:15]), "name"),
        "invisible name": (with_member("items/a\u202e.xml"), "invisible"),
        "same name twice by case": (with_member(item.upper().replace("ITEMS", "items")), "name of another"),
        "same name twice": (_twice(item), "name of another"),
        "symbolic link": (_link(b"/etc/passwd"), "link"),
        "nested zip by name": (with_member("more.zip"), "archive within"),
        "nested zip by content": (with_member("more.bin", zipped({"a": b"b"})), "archive within"),
        "deep folders": (with_member("/".join("a" * 20) + "/x"), "folders deep"),
        "long name": (with_member("a" * 1_000), "name"),
        "too many members": (zipped({**parts, **{f"f{n}": b"" for n in range(6_000)}}), "files; 5000"),
        "ratio bomb": (with_member("zeros.bin", b"\0" * 15_000_000), "times"),
        "size bomb": (with_member("zeros.bin", b"\0" * 20_000_000), "larger than 16 MiB"),
        "total bomb": (
            zipped({**parts, **{f"z{n}.bin": b"\0" * 15_000_000 for n in range(18)}}),
            "more than 256 MiB",
        ),
        "overlapping members": (_overlapping(), ""),
        "lying size": (_lying_size(), ""),
        "encrypted": (_encrypted(), "encrypted"),
        "wrong CRC": (_wrong_crc(), "damaged"),
        "LZMA member": (_lzma(), "unusual"),
        "cut in the middle": (zipped(parts)[: len(zipped(parts)) // 2], "damaged"),
        "only a signature": (b"PK\x03\x04", "damaged"),
        "empty file": (b"", "not a zip"),
        "text": (b"hello", "not a zip"),
        "gzip": (b"\x1f\x8b\x08" + b"\0" * 40, "not a zip"),
        "PDF": (b"%PDF-1.7\n" + b"0" * 100, "not a zip"),
    }  # fmt: skip


def _latin(item: str) -> bytes:
    return spoiled(item, lambda xml: xml.decode().encode("latin-1", "ignore"))


def _twice(name: str) -> bytes:
    other = name[:-1] + "#"
    return with_member(other, b"<a/>").replace(other.encode(), name.encode())


def _lzma() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        for name, content in good().parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


# --- damage at random ----------------------------------------------------------------------------------------

_TOKEN = re.compile(rb"<[^<>]{1,200}>|\"[^\"<>]{0,80}\"|[^<>]{1,120}")
_WORDS = (
    *(
        b"",
        b"\0",
        b"&",
        b"<",
        b">",
        b"]]>",
        b"<![CDATA[",
        b"<!--",
        b"?>",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xc3",
    ),
    *(b"&#0;", b"&#xFFFF;", b"&#x110000;", b"&x;", b"NaN", b"-1", b"1e999", b"99999999999999999999", b"null"),
    *(
        b"..",
        b"/",
        b"\\",
        b"%00",
        b"\xe2\x80\xae",
        b"\xee\x80\x800\xee\x80\x81",
        b"[[a|b]]",
        b"| a | b |",
        b"true",
    ),
    *(
        b"<qti-item-body>",
        b"<qti-hottext identifier='a'>x</qti-hottext>",
        b"<table><tr><td>x</td></tr></table>",
    ),
    *(
        b"<qti-simple-choice identifier='a'>x</qti-simple-choice>",
        b"<script>alert(1)</script>",
        b"<img src='x'/>",
    ),
    *(
        b"<ol start='999999999999'><li>x</li></ol>",
        b"<qti-value>zz</qti-value>",
        b"<x:y xmlns:x='u'/>",
        b"=1+1",
    ),
    *(
        b"xmlns='http://www.imsglobal.org/xsd/imsqti_v2p1'",
        b"{",
        b"[[[[",
        b'"',
        b"'",
        b"\r",
        b"\t",
        b";",
        b",",
    ),
)


def damaged_text(rng: random.Random, text: bytes) -> bytes:
    """Return a text with one to four pieces dropped, doubled, swapped, replaced or cut."""
    for _ in range(rng.randint(1, 4)):
        tokens = _TOKEN.findall(text)
        if len(tokens) < 2:
            return text + rng.choice(_WORDS)
        place = rng.randrange(len(tokens))
        kind = rng.randrange(8)
        if kind == 0:
            del tokens[place]
        elif kind == 1:
            tokens.insert(place, tokens[place])
        elif kind == 2:
            other = rng.randrange(len(tokens))
            tokens[place], tokens[other] = tokens[other], tokens[place]
        elif kind == 3:
            tokens[place] = rng.choice(_WORDS)
        elif kind == 4:
            tokens.insert(place, rng.choice(_WORDS))
        elif kind == 5:
            at = rng.randrange(len(tokens[place]) + 1)
            tokens[place] = tokens[place][:at] + rng.choice(_WORDS) + tokens[place][at:]
        elif kind == 6:
            del tokens[place : place + rng.randint(1, 12)]
        else:
            tokens = tokens[:place] if rng.random() < 0.3 else [*tokens, *tokens[place : place + 30]]
        text = b"".join(tokens)
    return text[:400_000]


def damaged_tree(rng: random.Random, xml: bytes) -> bytes:
    """Return well-formed XML with elements dropped, doubled, moved, renamed, or with other values."""
    root = etree.fromstring(xml)
    values = [word.decode("utf-8", "ignore") for word in _WORDS]
    values = [word for word in values if word.isprintable()]
    for _ in range(rng.randint(1, 4)):
        nodes = list(root.iter())
        node = rng.choice(nodes)
        parent = node.getparent()
        kind = rng.randrange(8)
        if kind == 0 and parent is not None:
            parent.remove(node)
        elif kind == 1 and parent is not None:
            parent.insert(rng.randrange(len(parent) + 1), copy.deepcopy(node))
        elif kind == 2 and parent is not None:
            new = rng.choice(nodes)
            if not any(above is node for above in (new, *new.iterancestors())):
                new.append(node)
        elif kind == 3:
            other = rng.choice(nodes)
            node.tag = other.tag
        elif kind == 4 and node.attrib:
            name = rng.choice(list(node.attrib))
            values_there = [value for each in nodes for value in each.attrib.values()]
            node.set(name, rng.choice([*values, *map(str, values_there)]))
        elif kind == 5 and node.attrib:
            del node.attrib[rng.choice(list(node.attrib))]
        elif kind == 6:
            node.text = rng.choice([*values, *(each.text or "" for each in nodes)])
        else:
            node.tail = rng.choice(values)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def damaged_bytes(rng: random.Random, data: bytes) -> bytes:
    """Return bytes with a few of them changed, or a piece cut out."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        if not changed:
            break
        place = rng.randrange(len(changed))
        kind = rng.randrange(4)
        if kind == 0:
            changed[place] ^= 1 << rng.randrange(8)
        elif kind == 1:
            changed[place] = rng.choice((0, 255, 127, rng.randrange(256)))
        elif kind == 2:
            del changed[place : place + rng.randint(1, 40)]
        else:
            # near the end lies the directory of a zip file
            place = max(0, len(changed) - rng.randint(1, 600))
            changed[place] = rng.randrange(256)
    return bytes(changed)


def malformed(number: int) -> tuple[str, bytes]:
    """Return the malformed file of this number and how it is imported: ``package`` or ``sheet``."""
    rng = random.Random(number)
    parts = good().parts
    kind = rng.randrange(10)
    if kind < 5:
        names = [name for name in parts if name != "imsmanifest.xml"]
        name = rng.choice(["imsmanifest.xml", *rng.choices(names, k=4)])
        # one item alone: the smaller the package, the more of them in an hour
        damaged = damaged_text if kind < 2 else damaged_tree
        return "package", _small(name, damaged(rng, parts[name]))
    if kind == 5:
        return "package", damaged_bytes(rng, _one_item())
    if kind == 6:
        return "package", damaged_text(rng, parts[rng.choice([n for n in parts if n.startswith("items/")])])
    if kind == 7:
        return "package", damaged_bytes(rng, parts[rng.choice([n for n in parts if n.startswith("items/")])])
    if kind == 8:
        return "sheet", damaged_text(rng, good().csv) if rng.random() < 0.8 else damaged_bytes(
            rng, good().csv
        )
    return "sheet", _damaged_workbook(rng) if rng.random() < 0.3 else damaged_bytes(rng, _small_csv())


def _small(name: str, content: bytes) -> bytes:
    """A package of the changed file and what belongs with it."""
    parts = dict(good().parts)
    if name != "imsmanifest.xml":
        stem = name.rpartition("/")[2]
        case = good().testlets[0].id
        related = [part for part in parts if part.endswith(stem) or (case in stem and case in part)]
        parts = {part: parts[part] for part in related}
        parts["imsmanifest.xml"] = _manifest_of(parts)
    parts[name] = content
    return zipped(parts)


def _manifest_of(parts: Mapping[str, bytes]) -> bytes:
    resources = ""
    for name in parts:
        folder, _, stem = name.partition("/")
        if folder not in ("items", "stimuli"):
            continue
        kind = "item" if folder == "items" else "stimulus"
        resources += (
            f'<resource identifier="{stem[:-4]}" type="imsqti_{kind}_xmlv3p0" href="{name}">'
            f'<file href="{name}"/><file href="palier/{stem}"/></resource>'
        )
    return (
        '<manifest xmlns="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1" identifier="M"><organizations/>'
        f"<resources>{resources}</resources></manifest>"
    ).encode()


@lru_cache(maxsize=1)
def _one_item() -> bytes:
    name = item_name()
    parts = {
        name: good().parts[name],
        name.replace("items/", "palier/"): good().parts[name.replace("items", "palier")],
    }
    return zipped({"imsmanifest.xml": _manifest_of(parts), **parts})


@lru_cache(maxsize=1)
def _small_csv() -> bytes:
    return sheets.write_csv(good().items[:2]).data


@lru_cache(maxsize=1)
def _workbook_parts() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(sheets.write_xlsx(good().items[:2]).data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _damaged_workbook(rng: random.Random) -> bytes:
    parts = dict(_workbook_parts())
    name = rng.choice(list(parts))
    parts[name] = damaged_text(rng, parts[name])
    return zipped(parts) if rng.random() < 0.7 else damaged_bytes(rng, zipped(parts))


DEFAULTS = {
    "competence": "D1C1", "topic": "D1C1.sigles", "level": 2, "stage": "cycle1", "sources": ["Un texte"],
    "professions": ["transversal"], "recheck": "2028-01-01", "status": "draft", "author": "essai",
    "rationale": "À rédiger.", "why": "À rédiger.",
}  # fmt: skip


def import_whole(how: str, data: bytes) -> tuple[tuple[Item, ...], tuple[Testlet, ...]] | None:
    """Import a file; None when it is refused. Anything else that is raised is a crash."""
    refused: RefusedImport
    try:
        if how == "sheet":
            return sheets.read_sheet(data), ()
        found = qti.read_package(data, defaults=DEFAULTS, leave_out=len(data) % 2 == 0)
        return found.items, found.testlets
    except RefusedImport as error:
        refused = error
    assert refused.problems
    assert all(problem.message for problem in refused.problems)
    return None
