"""Zip files and XML from outside, opened without trusting them.

A package is read in memory and never unpacked to disk. Whatever is unusual is refused with a sentence, before
anything of it is used: the limits are the constants below.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator

from lxml import etree

from item_bank.errors import ImportProblem, RefusedImport

MEBIBYTE = 1 << 20
LARGEST_ARCHIVE = 64 * MEBIBYTE
LARGEST_MEMBER = 16 * MEBIBYTE
LARGEST_TOTAL = 256 * MEBIBYTE
LARGEST_XML = 2 * MEBIBYTE
MOST_MEMBERS = 5_000
HIGHEST_RATIO = 200
SMALL_MEMBER = 64 * 1024
LONGEST_NAME = 240
DEEPEST_FOLDER = 8
DEEPEST_XML = 64
MOST_ELEMENTS = 20_000
MOST_ATTRIBUTES = 100

_ARCHIVES = (".zip", ".7z", ".rar", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".zst", ".jar", ".cab", ".iso")
_ARCHIVE_SIGNS = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")
_BROKEN = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OverflowError, EOFError, OSError),
    *(zlib.error, struct.error, IndexError),
)


def refuse(place: str, message: str, advice: str = "") -> RefusedImport:
    """Return the error of an import that is wrong in one place."""
    return RefusedImport([ImportProblem(place, message, advice)])


class Archive:
    """A zip file whose every member was checked; :meth:`read` returns one of them."""

    def __init__(self, members: dict[str, bytes]) -> None:
        self._members = members

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the files, in the order of the archive."""
        return tuple(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str) -> bytes:
        """Return the content of a file.

        Raises
        ------
        RefusedImport
            If the archive has no such file.
        """
        if name not in self._members:
            raise refuse(name, "is named by the package and is not in it.", "Export the package again.")
        return self._members[name]


def open_archive(data: bytes, place: str) -> Archive:
    """Open a zip file held in memory, all its members read and checked.

    Raises
    ------
    RefusedImport
        If it is no zip file, too large in any way, encrypted, damaged, or names files as no honest tool does.
    """
    if len(data) > LARGEST_ARCHIVE:
        raise refuse(
            place, f"is larger than {LARGEST_ARCHIVE // MEBIBYTE} MiB.", "Split it into several packages."
        )
    if not data.startswith(b"PK\x03\x04"):
        raise refuse(place, "is not a zip file.", "Export it again as a .zip package.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            infos = opened.infolist()
            _check_sizes(infos, place, len(data))
            _check_names(infos, place)
            return Archive(
                {info.filename: _content(opened, info, place) for info in infos if not info.is_dir()}
            )
    except _BROKEN as error:
        raise refuse(place, "is a damaged zip file.", "Export it again.") from error


def _check_sizes(infos: list[zipfile.ZipInfo], place: str, size: int) -> None:
    if len(infos) > MOST_MEMBERS:
        raise refuse(
            place, f"holds {len(infos)} files; {MOST_MEMBERS} at most.", "Split it into several packages."
        )
    if sum(info.file_size for info in infos) > LARGEST_TOTAL:
        raise refuse(place, f"unpacks to more than {LARGEST_TOTAL // MEBIBYTE} MiB.")
    # members that share their compressed bytes are how a small file claims to be a huge one
    if sum(info.compress_size for info in infos) > size:
        raise refuse(place, "has files that overlap.", "Export it again.")
    for info in infos:
        inside = f"{place}: {info.filename[:LONGEST_NAME]}"
        if info.file_size > LARGEST_MEMBER:
            raise refuse(inside, f"is larger than {LARGEST_MEMBER // MEBIBYTE} MiB.")
        if info.file_size > max(SMALL_MEMBER, HIGHEST_RATIO * info.compress_size):
            raise refuse(inside, f"is compressed more than {HIGHEST_RATIO} times.", "Export it again.")
        if info.flag_bits & 0x1:
            raise refuse(inside, "is encrypted.", "Export the package without a password.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise refuse(inside, "is compressed in an unusual way.", "Compress it as an ordinary zip file.")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind and kind not in (stat.S_IFREG, stat.S_IFDIR):
            raise refuse(
                inside, "is a link or a device, not a file.", "Put the files themselves into the package."
            )


def _check_names(infos: list[zipfile.ZipInfo], place: str) -> None:
    seen: set[str] = set()
    for info in infos:
        name = info.filename
        shown = "".join(letter if letter.isprintable() else "?" for letter in name)[:LONGEST_NAME]
        inside = f"{place}: {shown}"
        if not name or len(name) > LONGEST_NAME or info.orig_filename != name:
            raise refuse(inside, "has a name that is empty, too long or cut by a NUL.", "Rename the file.")
        if any(unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn"} for letter in name):
            raise refuse(inside, "has an invisible character in its name.", "Rename the file.")
        parts = name.removesuffix("/").split("/")
        if (
            "\\" in name
            or ":" in name
            or name.startswith("/")
            or any(part in ("", ".", "..") for part in parts)
        ):
            raise refuse(inside, "has a name that leads out of the package.", "Use plain relative names.")
        if len(parts) > DEEPEST_FOLDER:
            raise refuse(inside, f"lies more than {DEEPEST_FOLDER} folders deep.")
        same = unicodedata.normalize("NFKC", name).casefold().rstrip("/")
        if same in seen:
            raise refuse(inside, "has the name of another file.", "Names differ by more than capitals.")
        seen.add(same)
        if name.lower().endswith(_ARCHIVES):
            raise refuse(inside, "is an archive within the archive.", "Import the inner package by itself.")


def _content(opened: zipfile.ZipFile, info: zipfile.ZipInfo, place: str) -> bytes:
    with opened.open(info) as member:
        content = member.read(LARGEST_MEMBER + 1)
    if len(content) != info.file_size:
        raise refuse(f"{place}: {info.filename}", "has another size than it declares.", "Export it again.")
    if content.startswith(_ARCHIVE_SIGNS):
        raise refuse(
            f"{place}: {info.filename}",
            "is an archive within the archive.",
            "Import the inner package by itself.",
        )
    return content


# --- XML -----------------------------------------------------------------------------------------------------

_XML_TOKENS = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?(?P<pi>.*?)\?>|<!(?P<declaration>[A-Za-z]+)", re.DOTALL
)
_DECLARATION = re.compile(r"<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']")
_INCLUDING = {
    "http://www.w3.org/2001/XInclude": "includes another file (XInclude)",
    "http://www.w3.org/1999/XSL/Transform": "is a program (XSLT)",
}


def parse_xml(data: bytes, place: str) -> etree._Element:
    """Parse XML from outside: UTF-8, no DTD, no entity, no inclusion, no stylesheet, bounded in every direction.

    Raises
    ------
    RefusedImport
        If it is anything else, or not well formed.
    """
    text = checked_xml(data, place)
    # libxml2 wants bytes when the text declares an encoding
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        strip_cdata=True,
        encoding="utf-8",
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        what = str(error).split("(<string>")[0].strip()
        raise refuse(place, f"is not well-formed XML: {what}.", "Export it again.") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise refuse(place, "declares a document type (DTD).", "Remove <!DOCTYPE ...>.")
    _check_tree(root, place)
    return root


def checked_xml(data: bytes, place: str) -> str:
    """Return the text of an XML file that may be given to a parser: UTF-8 without declarations or programs."""
    if len(data) > LARGEST_XML:
        raise refuse(place, f"is larger than {LARGEST_XML // MEBIBYTE} MiB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse(place, "is not in UTF-8.", "Save it again with the encoding UTF-8.") from error
    if "\0" in text:
        raise refuse(place, "holds a NUL character.", "Save it again as text in UTF-8.")
    declared = _DECLARATION.match(text.lstrip())
    if declared and declared[1].lower().replace("_", "-") not in ("utf-8", "utf8", "us-ascii", "ascii"):
        raise refuse(place, f"declares the encoding {declared[1][:40]}.", "Save it again in UTF-8.")
    for token in _XML_TOKENS.finditer(text):
        if token["declaration"]:
            raise refuse(
                place,
                "declares a document type or entities (DTD).",
                "Remove <!DOCTYPE ...> and what it holds.",
            )
        if token["pi"] and token["pi"].lower().startswith("xml-stylesheet"):
            raise refuse(place, "asks for a stylesheet.", "Remove <?xml-stylesheet ...?>.")
    return text


def _check_tree(root: etree._Element, place: str) -> None:
    for count, (element, depth) in enumerate(_walk(root)):
        if depth > DEEPEST_XML:
            raise refuse(place, f"is nested more than {DEEPEST_XML} elements deep.")
        if count >= MOST_ELEMENTS:
            raise refuse(place, f"has more than {MOST_ELEMENTS} elements.")
        if not isinstance(element.tag, str):
            raise refuse(place, "uses an entity.", "Write the character itself.")
        if len(element.attrib) > MOST_ATTRIBUTES:
            raise refuse(place, f"has an element with more than {MOST_ATTRIBUTES} attributes.")
        namespace = etree.QName(element).namespace or ""
        if namespace in _INCLUDING:
            raise refuse(
                f"{place}, line {element.sourceline}",
                f"{_INCLUDING[namespace]}.",
                "Put what it brings into the file itself.",
            )


def _walk(root: etree._Element) -> Iterator[tuple[etree._Element, int]]:
    waiting = [(root, 1)]
    while waiting:
        element, depth = waiting.pop()
        yield element, depth
        waiting.extend((child, depth + 1) for child in element)
