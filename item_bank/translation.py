"""Language versions: the same item, or the document of the same testlet, in another language.

A version holds words and nothing else. Scoring key, level, topic, interaction and professions are those of the
item, so they cannot diverge: :meth:`ItemTranslation.apply` puts the words in place of the item's own and gives
back an `Item`, which is presented, scored and explained like any other.

A version names the words it translates by their hash (`of`). When those change, the version is stale: it is
reported and left out until someone has compared the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from item_bank.errors import Fault, InvalidItem
from item_bank.fields import Fields, did_you_mean
from item_bank.item import (
    LANGUAGES,
    Category,
    Document,
    Interaction,
    Item,
    Option,
    ShortTextKey,
    Status,
    Testlet,
    canonical_hash,
)

HASH_LENGTH = 12
_WORDS = (
    *("interaction", "stem", "document", "options", "categories"),
    *("key", "accepted", "tolerance", "unit", "rationale"),
)
_OPTION_LIMIT, _WHY_LIMIT, _CATEGORY_LIMIT = 1_000, 2_000, 300


def words_hash(source: Item | Testlet) -> str:
    """Return the hash of what a translator reads: words and key of an item, document of a testlet.

    Sources, re-check day, status or parameters may change without making a translation stale.
    """
    if isinstance(source, Testlet):
        return canonical_hash({"title": source.title, "document": source.document.to_dict()})[:HASH_LENGTH]
    record = source.to_dict()
    return canonical_hash({name: record[name] for name in _WORDS if name in record})[:HASH_LENGTH]


@dataclass(frozen=True, slots=True)
class OptionWords:
    """The text of an option and its explanation."""

    id: str
    text: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class DocumentWords:
    """The words of a document; its kind is that of the document translated."""

    title: str
    body: str
    fields: tuple[tuple[str, str], ...] = ()

    def apply(self, document: Document) -> Document:
        """Return the document with these words."""
        return replace(document, title=self.title, body=self.body, fields=self.fields)

    def to_dict(self) -> dict[str, Any]:
        return {"title": self.title, "fields": [list(line) for line in self.fields], "body": self.body}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemTranslation:
    """One item in another language."""

    id: str
    language: str
    of: str
    stem: str
    options: tuple[OptionWords, ...] = ()
    categories: tuple[Category, ...] = ()
    accepted: tuple[str, ...] = ()
    unit: str = ""
    document: DocumentWords | None = None
    rationale: str
    translator: str
    status: Status

    def is_stale(self, item: Item) -> bool:
        """Whether the words of the item are no longer those that were translated."""
        return self.of != words_hash(item)

    def apply(self, item: Item) -> Item:
        """Return `item` in this language, its options and categories in their own order.

        Raises
        ------
        InvalidItem
            If the two do not fit; :meth:`faults` says why beforehand.
        """
        options = {option.id: option for option in self.options}
        categories = {category.id: category for category in self.categories}
        missing = [part.id for part in item.options if part.id not in options]
        missing += [part.id for part in item.categories if part.id not in categories]
        if missing:
            raise InvalidItem(item.id, [Fault(("options",), f"has no text for {', '.join(missing)}.")])
        key = item.scoring_key
        return replace(
            item,
            language=self.language,
            stem=self.stem,
            options=tuple(
                Option(part.id, options[part.id].text, options[part.id].why) for part in item.options
            ),
            categories=tuple(categories[part.id] for part in item.categories),
            scoring_key=replace(key, accepted=self.accepted) if isinstance(key, ShortTextKey) else key,
            unit=self.unit,
            document=self.document.apply(item.document) if self.document and item.document else item.document,
            rationale=self.rationale,
        )

    def faults(self, item: Item) -> Iterator[Fault]:
        """Yield what keeps this from being `item` in another language; being stale is not among it."""
        if self.language == item.language:
            yield Fault((), f"is in the language of the item itself ({item.language}).", "Remove it.")
        before = list(self._part_faults(item))
        yield from before
        if self.unit and not item.unit:
            yield Fault(("unit",), "is given, and the item has none.", "Remove it.")
        if item.unit and not self.unit:
            yield Fault(("unit",), f'is missing; that of the item is "{item.unit}".')
        short_text = item.interaction is Interaction.SHORT_TEXT
        if self.accepted and not short_text:
            yield Fault(("accepted",), f"has no place in the interaction {item.interaction}.", "Remove it.")
        unanswerable = short_text and not self.accepted
        if unanswerable:
            yield Fault(("accepted",), "is missing.", "List the answers accepted in this language.")
        yield from _document_faults(self.document, item.document)
        if not before and not unanswerable:
            try:
                self.apply(item)
            except InvalidItem as error:
                yield from error.faults

    def _part_faults(self, item: Item) -> Iterator[Fault]:
        yield from _id_faults("options", self.options, item.options)
        yield from _id_faults("categories", self.categories, item.categories)
        mine = {option.id: option for option in self.options}
        for option in item.options:
            if option.why and option.id in mine and not mine[option.id].why:
                yield Fault(("options", option.id, "why"), "is missing.", "Translate the explanation too.")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; what the item does not have is left out."""
        data: dict[str, Any] = {"id": self.id, "language": self.language, "of": self.of, "stem": self.stem}
        if self.document:
            data["document"] = self.document.to_dict()
        if self.categories:
            data["categories"] = {category.id: category.text for category in self.categories}
        if self.options:
            data["options"] = {
                option.id: {"text": option.text} | ({"why": option.why} if option.why else {})
                for option in self.options
            }
        if self.accepted:
            data["accepted"] = list(self.accepted)
        if self.unit:
            data["unit"] = self.unit
        return data | {
            "rationale": self.rationale,
            "translator": self.translator,
            "status": str(self.status),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TestletTranslation:
    """The title and the document of a testlet in another language; its items have versions of their own."""

    __test__ = False  # pytest would take the name for a test class

    id: str
    language: str
    of: str
    title: str
    document: DocumentWords
    translator: str
    status: Status

    def is_stale(self, testlet: Testlet) -> bool:
        """Whether the document of the testlet is no longer the one that was translated."""
        return self.of != words_hash(testlet)

    def apply(self, testlet: Testlet) -> Testlet:
        """Return `testlet` in this language."""
        return replace(testlet, title=self.title, document=self.document.apply(testlet.document))

    def faults(self, testlet: Testlet) -> Iterator[Fault]:
        """Yield what keeps this from being the document of `testlet` in another language."""
        yield from _document_faults(self.document, testlet.document)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "id": self.id,
            "language": self.language,
            "of": self.of,
            "title": self.title,
            "document": self.document.to_dict(),
            "translator": self.translator,
            "status": str(self.status),
        }


def _id_faults(
    name: str, words: Sequence[OptionWords | Category], parts: Sequence[Option | Category]
) -> Iterator[Fault]:
    mine, theirs = [part.id for part in words], [part.id for part in parts]
    missing = [part_id for part_id in theirs if part_id not in mine]
    if missing:
        yield Fault((name,), f"has no text for {', '.join(missing)}.", f"Translate all the {name}.")
    for part_id in mine:
        if part_id not in theirs:
            advice = did_you_mean(part_id, theirs) if theirs else "The item has none: remove it."
            yield Fault((name, part_id), f"is not among the {name} of the item.", advice)


def _document_faults(words: DocumentWords | None, document: Document | None) -> Iterator[Fault]:
    if document is None:
        if words is not None:
            yield Fault(("document",), "is given, and the item has none.", "Remove it.")
        return
    if words is None:
        yield Fault(("document",), "is missing.", "Translate the document too.")
        return
    if len(words.fields) != len(document.fields):
        yield Fault(
            ("document", "fields"),
            f"has {len(words.fields)} lines; the document has {len(document.fields)}.",
            "Translate the header lines one by one.",
        )
    mine, theirs = ({zone for zone, _ in it.zones} for it in (words.apply(document), document))
    if mine != theirs:
        yield Fault(
            ("document",),
            f"marks the zones {', '.join(sorted(mine)) or 'none'}; the document marks "
            f"{', '.join(sorted(theirs)) or 'none'}.",
            "Mark the same zones: [[a|its words]].",
        )


def read_item_translation(data: Any) -> tuple[ItemTranslation | None, list[Fault]]:
    """Read a language version from its dictionary form; it is None when any fault was found."""
    fields = Fields(data)
    options = tuple(
        OptionWords(
            option_id,
            block.text("text", longest=_OPTION_LIMIT),
            block.text("why", required=False, longest=_WHY_LIMIT),
        )
        for option_id, block in _named_blocks(fields, "options")
    )
    categories = tuple(_categories(fields))
    translation = ItemTranslation(
        id=fields.text("id", longest=60),
        language=fields.one_of("language", LANGUAGES, LANGUAGES[0]),
        of=fields.text("of", longest=64),
        stem=fields.text("stem", longest=5_000),
        options=options,
        categories=categories,
        accepted=fields.texts("accepted", required=False),
        unit=fields.text("unit", required=False, longest=30),
        document=_read_document(fields) if fields.has("document") else None,
        rationale=fields.text("rationale", longest=5_000),
        translator=fields.text("translator", longest=200),
        status=fields.one_of("status", tuple(Status), Status.DRAFT),
    )
    fields.skip("document")
    fields.no_other()
    return (None if fields.faults else translation), fields.faults


def read_testlet_translation(data: Any) -> tuple[TestletTranslation | None, list[Fault]]:
    """Read the language version of a testlet's document; it is None when any fault was found."""
    fields = Fields(data)
    document = _read_document(fields) if fields.value("document") is not None else DocumentWords("", "")
    translation = TestletTranslation(
        id=fields.text("id", longest=60),
        language=fields.one_of("language", LANGUAGES, LANGUAGES[0]),
        of=fields.text("of", longest=64),
        title=fields.text("title", longest=200),
        document=document,
        translator=fields.text("translator", longest=200),
        status=fields.one_of("status", tuple(Status), Status.DRAFT),
    )
    fields.no_other()
    return (None if fields.faults else translation), fields.faults


def _named_blocks(fields: Fields, name: str) -> Iterator[tuple[str, Fields]]:
    """Yield the blocks of a mapping from ids to blocks, each checked for other fields once it is read."""
    value = fields.value(name, required=False)
    if value is None:
        return
    if not isinstance(value, Mapping):
        fields.fault(name, "a text for each id is expected.", "Write `a: {text: ..., why: ...}`.")
        return
    for part_id in value:
        block = Fields(value[part_id], (*fields.path, name, str(part_id)), fields.faults)
        yield str(part_id), block
        if block.data:
            block.no_other()


def _categories(fields: Fields) -> Iterator[Category]:
    value = fields.value("categories", required=False)
    if value is None:
        return
    if not isinstance(value, Mapping):
        fields.fault("categories", "a text for each id is expected.", "Write `categories: {x: ..., y: ...}`.")
        return
    block = Fields(value, (*fields.path, "categories"), fields.faults)
    for category_id in value:
        yield Category(str(category_id), block.text(category_id, longest=_CATEGORY_LIMIT))


def _read_document(fields: Fields) -> DocumentWords:
    block = Fields(fields.value("document"), (*fields.path, "document"), fields.faults)
    lines: list[tuple[str, str]] = []
    given = block.value("fields", required=False) or []
    for index, line in enumerate(
        given if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    ):
        if isinstance(line, list | tuple) and len(line) == 2:
            pair = Fields({"label": line[0], "value": line[1]}, (*block.path, "fields", index), fields.faults)
            lines.append((pair.text("label", longest=100), pair.text("value", longest=1_000)))
        else:
            block.fault(
                ("fields", index), "a label and its value are expected.", "Write `- [Subject, Hello]`."
            )
    document = DocumentWords(
        title=block.text("title", longest=200), body=block.text("body", longest=20_000), fields=tuple(lines)
    )
    block.no_other()
    return document
