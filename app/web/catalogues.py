"""The words of the interface: French in the templates, translated by the catalogues of `locale/`.

Templates are typed with an ordinary keyboard; typography is added when a sentence is shown.
A folder of templates has a catalogue of its own name, so that each back-office room keeps its words together.
`python -m app.web.catalogues [ROOM...]` brings the catalogues up to date with the templates.
"""

import gettext
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from app.web import text

SOURCE: Final = "fr"
LANGUAGES: Final = (SOURCE, "en")
TEMPLATES: Final = Path(__file__).parent / "templates"
LOCALES: Final = Path(__file__).parent / "locale"

_TYPESETTERS: Final = {"fr": text.french, "en": text.english}


class Translations(gettext.GNUTranslations):
    """A catalogue whose sentences come out typeset."""

    def __init__(self, compiled: BytesIO, lang: str) -> None:
        super().__init__(compiled)
        self._typeset = _TYPESETTERS[lang]

    def gettext(self, message: str) -> str:
        """Translate and typeset one sentence."""
        return self._typeset(super().gettext(message))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Translate and typeset one sentence in the number of `n`."""
        return self._typeset(super().ngettext(msgid1, msgid2, n))


def rooms() -> list[str]:
    """The catalogues of each language: `messages`, and one named after each folder of templates."""
    return ["messages", *sorted(path.name for path in TEMPLATES.iterdir() if path.is_dir())]


def catalogue_path(lang: str, room: str) -> Path:
    """The file of one room's words in a language."""
    return LOCALES / lang / f"{room}.po"


def read_catalogue(lang: str) -> Catalog:
    """The messages of a language: those of every room, the rooms of the learner's pages last."""
    whole = Catalog(locale=lang)
    for room in reversed(rooms()):
        path = catalogue_path(lang, room)
        if path.exists():
            for entry in _read(path, lang):
                if entry.id:
                    whole.add(entry.id, entry.string, locations=entry.locations)
    return whole


def _read(path: Path, lang: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=lang)


def load(lang: str) -> Translations:
    """The translations of a language, ready for Jinja."""
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(lang))
    compiled.seek(0)
    return Translations(compiled, lang)


def messages() -> Iterator[tuple[str | tuple[str, ...], str, int]]:
    """Every message of the templates, with its file and line."""
    for path, line, message, _comments, _context in extract_from_dir(
        TEMPLATES,
        method_map=[("**.html", "jinja2")],
        options_map={"**.html": {"trimmed": "true", "newstyle_gettext": "true"}},
    ):
        yield message, path, line


def update(lang: str, room: str) -> None:
    """Add the new messages of a room's templates to its catalogue and drop those that are gone."""
    template = Catalog(charset="utf-8")
    for message, source, _line in messages():
        if _room(source) != room:
            continue
        # The source is French: its catalogue only holds what has a number, for the plural rule.
        if lang != SOURCE or isinstance(message, tuple):
            template.add(message, locations=[(source, 0)])
    path = catalogue_path(lang, room)
    catalogue = _read(path, lang) if path.exists() else Catalog(locale=lang)
    catalogue.project, catalogue.version, catalogue.header_comment = "Palier", "1", f"# Palier, {lang}."
    catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    if lang == SOURCE:
        for entry in catalogue:
            if isinstance(entry.id, tuple):
                entry.string = entry.id
    catalogue.fuzzy = False
    with path.open("wb") as file:
        write_po(file, catalogue, width=110, sort_output=True, include_lineno=False)


def _room(path: str) -> str:
    folder, found, _ = path.rpartition("/")
    return folder if found else "messages"


if __name__ == "__main__":
    for language in LANGUAGES:
        for name in sys.argv[1:] or rooms():
            update(language, name)
