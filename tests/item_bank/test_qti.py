"""QTI packages: ours come back whole, others' are read as far as the bank can ask, and the rest is told."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from item_bank import files, qti
from item_bank.errors import RefusedImport
from item_bank.item import Interaction, Item, MatchKey, NumericKey, Status
from item_bank.qti.markup import QTI, element, from_html, to_markdown
from item_bank.qti.reading import read_native
from item_bank.qti.writing import write_item
from tests.item_bank.hostile import DEFAULTS

CONTENT = files.read(Path(__file__).parents[2] / "item_bank" / "content").content
PACKAGE = qti.write_package(CONTENT.items, CONTENT.testlets)
FIRST = {
    interaction: next(item for item in CONTENT.items if item.interaction is interaction and not item.testlet)
    for interaction in Interaction
}


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def changed(item: Item, change: Callable[[str], str]) -> qti.Imported:
    """Import one item whose QTI another tool has edited."""
    parts = unzipped(qti.write_package([item]).data)
    name = f"items/{item.id}.xml"
    before = parts[name].decode()
    parts[name] = change(before).encode()
    assert parts[name].decode() != before
    return qti.read_package(zipped(parts))


# --- there and back ------------------------------------------------------------------------------------------


def test_the_whole_bank_comes_back_field_by_field_with_nothing_to_tell() -> None:
    found = qti.read_package(PACKAGE.data)
    assert [item.id for item in found.items] == [item.id for item in CONTENT.items]
    lost = {
        (item.id, field)
        for item, again in zip(CONTENT.items, found.items, strict=True)
        for field in {*item.to_dict(), *again.to_dict()}
        if item.to_dict().get(field) != again.to_dict().get(field)
    }
    assert lost == set()
    assert found.testlets == CONTENT.testlets
    assert found.notes == ()
    assert found.left_out == ()


def test_a_bank_without_our_own_parts_says_of_every_field_that_it_is_missing() -> None:
    """What another tool keeps is QTI alone: each field it loses is told by name."""
    parts = {name: part for name, part in unzipped(PACKAGE.data).items() if not name.startswith("palier/")}
    manifest = re.sub(rb'<file href="palier/[^"]*"/>', b"", parts["imsmanifest.xml"])
    with pytest.raises(RefusedImport) as refusal:
        qti.read_package(zipped(parts | {"imsmanifest.xml": manifest}))
    told: dict[str, set[str]] = {}
    for problem in refusal.value.problems:
        field = re.search(r"does not say its (\w+)", problem.message)
        told.setdefault(problem.place, set()).add(field[1] if field else problem.message.partition(":")[0])
    for item in CONTENT.items:
        native = read_native(write_item(item)).fields
        needed = {
            "competence",
            "topic",
            "level",
            "stage",
            "sources",
            "professions",
            "recheck",
            "status",
            "author",
        }
        assert needed - set(native) <= told[f"items/{item.id}.xml"]


def test_what_qti_itself_carries_is_all_that_is_asked_and_scored() -> None:
    """Native reading gives back every field of a question but the bank's own; only layout may differ."""
    own = {
        *(
            "id",
            "competence",
            "topic",
            "level",
            "sources",
            "facts",
            "professions",
            "stage",
            "recheck",
            "status",
        ),
        *("author", "enemies", "testlet", "doubt", "parameters", "edit_distance", "scoring"),
    }
    differing: Counter[str] = Counter()
    for item in CONTENT.items:
        ours, native = item.to_dict(), read_native(write_item(item)).fields
        for field in set(ours) - own:
            if ours[field] != native.get(field):
                differing[field] += 1
        if "categories" not in differing or ours.get("categories") == native.get("categories"):
            assert ours.get("key") == native.get("key"), item.id
        assert ours["interaction"] == native["interaction"]
        if "options" in ours:
            assert [option["id"] for option in ours["options"]] == [o["id"] for o in native["options"]]
            assert [option.get("why") for option in ours["options"]] == [
                o.get("why") for o in native["options"]
            ]
    # line breaks within a paragraph, names of zones, spellings that are one answer: kept beside QTI
    # and ids that a category shares with an element, which QTI forbids
    assert set(differing) <= {"stem", "rationale", "options", "accepted", "document", "categories", "key"}
    assert sum(differing.values()) < len(CONTENT.items)


def test_the_same_bank_gives_the_same_bytes() -> None:
    assert qti.write_package(reversed(CONTENT.items), CONTENT.testlets).data == PACKAGE.data


def test_every_field_that_other_tools_do_not_see_is_in_the_report() -> None:
    told = {note.place for note in PACKAGE.notes}
    beside = {
        str(field.get("name"))
        for name, part in unzipped(PACKAGE.data).items()
        if name.startswith("palier/") and b"<item" in part
        for field in etree.fromstring(part)
    }
    assert beside - {"id"} <= told
    assert "scoring" in told


@pytest.mark.parametrize(
    "interaction", [Interaction.MULTIPLE_CHOICE, Interaction.MATCH, Interaction.ORDER, Interaction.ZONE]
)
def test_partial_credit_comes_back(interaction: Interaction) -> None:
    item = replace(FIRST[interaction], partial=True)
    package = qti.write_package([item])
    assert qti.read_package(package.data).items == (item,)
    assert any(note.place == "scoring" for note in package.notes)


def test_a_tolerance_comes_back_and_stands_in_the_scoring_rules() -> None:
    item = replace(
        FIRST[Interaction.NUMERIC], scoring_key=NumericKey(_decimal("72.5"), _decimal("0.25")), unit="mg/L"
    )
    package = qti.write_package([item])
    assert qti.read_package(package.data).items == (item,)
    xml = unzipped(package.data)[f"items/{item.id}.xml"].decode()
    assert "72.25" in xml
    assert "72.75" in xml


def _decimal(text: str) -> Any:
    from decimal import Decimal

    return Decimal(text)


@pytest.mark.parametrize(
    "text",
    [
        "Deux lignes\nd’un même paragraphe.",
        "**Gras**, *penché*, `code`, et un *astérisque \\* dans le texte*.",
        "5 \\* 3 = 15 et 2_3_4 ; # pas un titre ; 1\\. pas une liste",
        "1. un\n2. deux\n\n- a\n- b\n\n> cité\n\n```\n<script>alert(1)</script>\n```",
        "| A | B |\n|---|---|\n| 1 \\| 2 | **3** |",
        "&amp; &lt;b&gt; <b>pas du HTML</b> ]]> <![CDATA[ x",
        "Espaces\u00a0insécables\u202fet fines ; « guillemets » ; œ ; 🙂 ; العربية",
        "### Titre\n\nTexte\\\nligne\n\n---\n\nfin",
    ],
)
def test_a_text_comes_back_letter_for_letter(text: str) -> None:
    item = replace(FIRST[Interaction.SINGLE_CHOICE], stem=text, rationale=text)
    found = qti.read_package(qti.write_package([item]).data)
    assert found.items == (item,)
    assert found.notes == ()


def test_what_another_tool_changed_wins_and_is_told() -> None:
    item = FIRST[Interaction.SINGLE_CHOICE]
    found = changed(
        replace(item, stem="Ligne une\nligne deux."),
        lambda xml: xml.replace("ligne deux", "ligne trois"),
    )
    assert found.items[0].stem == "Ligne une ligne trois."
    assert [(note.subject, note.place) for note in found.notes] == [(item.id, "stem")]
    assert "was changed" in found.notes[0].message


def test_a_key_changed_in_another_tool_is_the_key() -> None:
    item = FIRST[Interaction.SINGLE_CHOICE]
    other = next(option.id for option in item.options if option.id != item.to_dict()["key"])
    value = "<qti-correct-response><qti-value>{}</qti-value>"
    found = changed(item, lambda xml: xml.replace(value.format(item.to_dict()["key"]), value.format(other)))
    assert found.items[0].to_dict()["key"] == other


def test_an_element_that_another_tool_added_is_told() -> None:
    found = changed(
        FIRST[Interaction.SINGLE_CHOICE],
        lambda xml: xml.replace(
            "<qti-item-body>",
            '<qti-stylesheet href="a.css" type="text/css"/><qti-item-body><p><img src="a.png" alt="une main"/></p>',
        ),
    )
    assert "une main" in found.items[0].stem
    assert {note.place.partition(",")[0] for note in found.notes} >= {"qti-stylesheet", "img"}


def test_a_case_without_one_of_its_items_is_still_a_case_or_is_left_out() -> None:
    case = CONTENT.testlets[0]
    members = [item for item in CONTENT.items if item.testlet == case.id]
    found = qti.read_package(qti.write_package(members[1:], [case]).data)
    assert found.testlets[0].items == tuple(item.id for item in members[1:])
    assert any(members[0].id in note.message for note in found.notes)


def test_an_item_without_its_case_is_told() -> None:
    member = next(item for item in CONTENT.items if item.testlet)
    package = qti.write_package([member])
    assert any(note.place == "testlet" for note in package.notes)
    found = qti.read_package(package.data)
    assert found.items == (replace(member, testlet=None),)


# --- the rules of QTI 3 --------------------------------------------------------------------------------------

# Content models of the ASI information model, for the elements that are written: children in their order.
ITEM_CHILDREN = (
    *("qti-response-declaration", "qti-outcome-declaration", "qti-assessment-stimulus-ref", "qti-item-body"),
    *("qti-response-processing", "qti-modal-feedback"),
)
REQUIRED = {
    "qti-assessment-item": {"identifier", "title", "time-dependent", "adaptive"},
    "qti-response-declaration": {"identifier", "cardinality", "base-type"},
    "qti-outcome-declaration": {"identifier", "cardinality", "base-type"},
    "qti-mapping": {"default-value"},
    "qti-map-entry": {"map-key", "mapped-value"},
    "qti-assessment-stimulus-ref": {"identifier", "href"},
    "qti-choice-interaction": {"response-identifier", "max-choices", "shuffle"},
    "qti-order-interaction": {"response-identifier", "shuffle"},
    "qti-match-interaction": {"response-identifier", "max-associations", "shuffle"},
    "qti-hottext-interaction": {"response-identifier", "max-choices"},
    "qti-text-entry-interaction": {"response-identifier"},
    "qti-simple-choice": {"identifier"},
    "qti-simple-associable-choice": {"identifier", "match-max"},
    "qti-hottext": {"identifier"},
    "qti-modal-feedback": {"outcome-identifier", "identifier", "show-hide"},
    "qti-base-value": {"base-type"},
    "qti-variable": {"identifier"},
    "qti-correct": {"identifier"},
    "qti-set-outcome-value": {"identifier"},
    "qti-equal": {"tolerance-mode"},
}
BLOCKS = {"p", "div", "ul", "ol", "pre", "hr", "h2", "h3", "blockquote", "table"}
INTERACTIONS = {name for name in REQUIRED if name.endswith("-interaction")}
NC_NAME = re.compile(r"[A-Za-z_][\w.-]*")


@pytest.mark.parametrize("item", CONTENT.items, ids=lambda item: item.id)
def test_what_is_written_keeps_the_rules_of_qti(item: Item) -> None:
    root = write_item(item, "../stimuli/x.xml" if item.testlet else None)
    names = [etree.QName(child).localname for child in root]
    assert names == sorted(names, key=ITEM_CHILDREN.index)
    assert names.count("qti-item-body") == names.count("qti-response-processing") == 1
    declared = {node.get("identifier") for node in root if "declaration" in node.tag}
    for node in root.iter():
        name = etree.QName(node)
        assert name.namespace == QTI
        assert REQUIRED.get(name.localname, set()) <= set(node.attrib), name.localname
        for attribute in ("identifier", "response-identifier", "outcome-identifier"):
            assert node.get(attribute) is None or NC_NAME.fullmatch(str(node.get(attribute)))
        if name.localname in ("qti-variable", "qti-correct", "qti-set-outcome-value", "qti-map-response"):
            assert node.get("identifier") in declared
    body = next(root.iter(f"{{{QTI}}}qti-item-body"))
    assert {etree.QName(child).localname for child in body} <= BLOCKS | INTERACTIONS
    assert not (body.text or "").strip()
    interaction = next(node for node in body.iter() if etree.QName(node).localname in INTERACTIONS)
    inside = [etree.QName(child).localname for child in interaction]
    assert "qti-prompt" not in inside[1:]
    hottext = list(body.iter(f"{{{QTI}}}qti-hottext"))
    assert all(interaction in node.iterancestors() for node in hottext)
    choices = [node.get("identifier") for node in interaction.iter() if node.get("identifier")]
    assert len(set(choices)) == len(choices)
    for feedback in root.iter(f"{{{QTI}}}qti-modal-feedback"):
        assert [etree.QName(child).localname for child in feedback] == ["qti-content-body"]


def test_the_manifest_names_every_file_once_and_nothing_else() -> None:
    parts = unzipped(PACKAGE.data)
    manifest = etree.fromstring(parts["imsmanifest.xml"])
    space = "{http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1}"
    hrefs = [str(node.get("href")) for node in manifest.iter(f"{space}file")]
    assert sorted(hrefs) == sorted(set(parts) - {"imsmanifest.xml"})
    named = {node.get("identifier") for node in manifest.iter(f"{space}resource")}
    assert {node.get("identifierref") for node in manifest.iter(f"{space}dependency")} <= named
    assert [etree.QName(child).localname for child in manifest] == ["metadata", "organizations", "resources"]


# --- from other tools ----------------------------------------------------------------------------------------


def item_3(body: str, declaration: str, *, more: str = "", rest: str = "", language: str = "fr") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<?xml-model href="https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_asiv3p0p1_v1p0.xsd"?>
<qti-assessment-item xmlns="{QTI}" identifier="choix_1" title="Un choix" adaptive="false" time-dependent="false"
    xml:lang="{language}-FR">
  {declaration}
  <qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>
  {more}
  <qti-item-body>{body}</qti-item-body>
  <qti-response-processing template="https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct"/>
  {rest}
</qti-assessment-item>""".encode()


def declared(kind: str, base: str, *values: str, mapping: str = "") -> str:
    inside = "".join(f"<qti-value>{value}</qti-value>" for value in values)
    return (
        f'<qti-response-declaration identifier="RESPONSE" cardinality="{kind}" base-type="{base}">'
        f"<qti-correct-response>{inside}</qti-correct-response>{mapping}</qti-response-declaration>"
    )


CHOICES = "".join(
    f'<qti-simple-choice identifier="Choice{letter}">Choix {letter}</qti-simple-choice>' for letter in "ABC"
)
CHOICE = f"""<p>Le <b>bon</b> geste&#160;?</p>
  <qti-choice-interaction response-identifier="RESPONSE" shuffle="true" max-choices="1">
    <qti-prompt>Choisissez.</qti-prompt>{CHOICES}</qti-choice-interaction>"""


def only(data: bytes, **defaults: Any) -> tuple[Item, tuple[qti.Note, ...]]:
    found = qti.read_package(data, defaults=DEFAULTS | defaults)
    assert len(found.items) == 1
    return found.items[0], found.notes


def test_a_choice_of_another_tool_becomes_a_draft_with_letters_for_ids() -> None:
    item, notes = only(item_3(CHOICE, declared("single", "identifier", "ChoiceB")))
    assert item.id == "QTI-CHOIX-1"
    assert item.stem == "Le **bon** geste\u00a0?\n\nChoisissez."
    assert [(option.id, option.text) for option in item.options] == [
        *(("choicea", "Choix A"), ("choiceb", "Choix B"), ("choicec", "Choix C"))
    ]
    assert item.to_dict()["key"] == "choiceb"
    assert (item.status, item.language, item.shuffle) == (Status.DRAFT, "fr", True)
    assert {note.place for note in notes} == {"identifier"}


def test_what_a_foreign_item_does_not_say_is_asked_for_by_name() -> None:
    with pytest.raises(RefusedImport) as refusal:
        qti.read_package(item_3(CHOICE, declared("single", "identifier", "ChoiceB")))
    told = " ".join(str(problem) for problem in refusal.value.problems)
    for field in ("competence", "topic", "level", "stage", "sources"):
        assert f"does not say its {field}" in told
    assert "competence=..." in told


def test_inline_and_modal_feedback_explain_their_choices() -> None:
    body = CHOICE.replace(
        "Choix B<",
        'Choix B<qti-feedback-inline outcome-identifier="F" identifier="ChoiceB">Oui.</qti-feedback-inline><',
    )
    modal = (
        '<qti-modal-feedback outcome-identifier="F" identifier="ChoiceA" show-hide="show"><qti-content-body>'
        "<p>Non.</p></qti-content-body></qti-modal-feedback>"
        '<qti-modal-feedback outcome-identifier="F" identifier="general" show-hide="show"><qti-content-body>'
        "<p>En règle générale.</p></qti-content-body></qti-modal-feedback>"
    )
    item, notes = only(item_3(body, declared("single", "identifier", "ChoiceB"), rest=modal))
    assert [option.why for option in item.options] == ["Non.", "Oui.", "À rédiger."]
    assert item.options[1].text == "Choix B"
    assert item.rationale == "En règle générale."
    assert any("general" in note.place for note in notes)


def test_a_match_is_read_from_either_side() -> None:
    def sets(first: str, second: str) -> str:
        return (
            '<p>Classez.</p><qti-match-interaction response-identifier="RESPONSE" max-associations="3">'
            f"<qti-simple-match-set>{first}</qti-simple-match-set>"
            f"<qti-simple-match-set>{second}</qti-simple-match-set></qti-match-interaction>"
        )

    def choices(names: str, most: int) -> str:
        return "".join(
            f'<qti-simple-associable-choice identifier="{name}" match-max="{most}">texte {name}'
            "</qti-simple-associable-choice>"
            for name in names
        )

    elements, categories = choices("abc", 1), choices("xy", 0)
    one, _ = only(
        item_3(sets(elements, categories), declared("multiple", "directedPair", "a x", "b y", "c x"))
    )
    other, _ = only(
        item_3(sets(categories, elements), declared("multiple", "directedPair", "x a", "y b", "x c"))
    )
    key = MatchKey((("a", "x"), ("b", "y"), ("c", "x")))
    assert one.scoring_key == other.scoring_key == key


def test_numbers_with_a_relative_tolerance_and_a_range_are_read() -> None:
    entry = '<p>Combien&#160;? <qti-text-entry-interaction response-identifier="RESPONSE"/></p>'
    declaration = declared("single", "float", "200")
    template = b'template="https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct"/>'
    rules = (
        b"><qti-response-condition><qti-response-if>%s<qti-set-outcome-value identifier='SCORE'><qti-base-value "
        b"base-type='float'>1</qti-base-value></qti-set-outcome-value></qti-response-if></qti-response-condition>"
        b"</qti-response-processing>"
    )
    relative = (
        b"<qti-equal tolerance-mode='relative' tolerance='5 5'><qti-variable identifier='RESPONSE'/>"
        b"<qti-correct identifier='RESPONSE'/></qti-equal>"
    )
    item, notes = only(item_3(entry, declaration).replace(template, rules % relative))
    assert item.scoring_key == NumericKey(_decimal("200"), _decimal("10"))
    assert {note.place for note in notes} == {"identifier"}
    uneven = relative.replace(b"relative", b"absolute").replace(b"5 5", b"1 3")
    item, notes = only(item_3(entry, declaration).replace(template, rules % uneven))
    assert item.scoring_key == NumericKey(_decimal("200"), _decimal("3"))
    assert "qti-equal" in {note.place for note in notes}


def test_a_hottext_item_becomes_a_zone_item_with_its_document() -> None:
    body = (
        '<p>Repérez.</p><qti-hottext-interaction response-identifier="RESPONSE" max-choices="0"><p>Bonjour, '
        '<qti-hottext identifier="A">cliquez</qti-hottext> ou <qti-hottext identifier="B">appelez</qti-hottext>'
        ' <qti-hottext identifier="C">moi | vite</qti-hottext>.</p></qti-hottext-interaction>'
    )
    item, _ = only(item_3(body, declared("multiple", "identifier", "A")))
    assert item.document is not None
    assert item.document.body == "Bonjour, [[a|cliquez]] ou [[b|appelez]] [[c|moi | vite]]."
    assert (item.to_dict()["key"], item.maximum) == (["a"], None)


def test_qti_2_1_is_read_in_its_own_words() -> None:
    item, notes = only(Path(__file__).with_name("qti21_choice.xml").read_bytes())
    assert item.interaction is Interaction.MULTIPLE_CHOICE
    assert item.stem == "Quelles données sont des données de santé\u00a0?\n\nCochez-les."
    assert item.to_dict()["key"] == ["s1", "s3"]
    assert item.shuffle
    assert item.options[0].why == "Oui : elle dit un état de santé."
    assert {note.place for note in notes} >= {"qti-mapping", "identifier"}


def test_a_qti_2_1_package_is_read_through_its_manifest() -> None:
    manifest = (
        b'<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" identifier="M"><organizations/><resources>'
        b'<resource identifier="R1" type="imsqti_item_xmlv2p1" href="a/q.xml"><file href="a/q.xml"/></resource>'
        b'<resource identifier="T" type="imsqti_test_xmlv2p1" href="t.xml"><file href="t.xml"/></resource>'
        b"</resources></manifest>"
    )
    xml = Path(__file__).with_name("qti21_choice.xml").read_bytes()
    data = zipped({"folder/imsmanifest.xml": manifest, "folder/a/q.xml": xml, "folder/t.xml": b"<t/>"})
    _, notes = only(data)
    assert any("imsqti_test_xmlv2p1" in note.message for note in notes)


def test_a_document_of_one_foreign_item_joins_its_stem_and_of_two_makes_a_case() -> None:
    stimulus = (
        f'<qti-assessment-stimulus xmlns="{QTI}" identifier="doc-1" title="Un courriel" xml:lang="fr">'
        "<qti-stimulus-body><p>Bonjour.</p></qti-stimulus-body></qti-assessment-stimulus>"
    ).encode()
    reference = '<qti-assessment-stimulus-ref identifier="doc-1" href="../stimuli/doc.xml"/>'
    one = item_3(CHOICE, declared("single", "identifier", "ChoiceB"), more=reference)
    two = one.replace(b'identifier="choix_1"', b'identifier="choix_2"')

    def package(*items: bytes) -> bytes:
        names = [f"items/{number}.xml" for number in range(len(items))]
        resources = "".join(
            f'<resource identifier="I{number}" type="imsqti_item_xmlv3p0" href="{name}">'
            f'<file href="{name}"/></resource>'
            for number, name in enumerate(names)
        )
        manifest = (
            '<manifest xmlns="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1" identifier="M"><resources>'
            f'{resources}<resource identifier="doc-1" type="imsqti_stimulus_xmlv3p0" href="stimuli/doc.xml">'
            '<file href="stimuli/doc.xml"/></resource></resources></manifest>'
        )
        parts = {"imsmanifest.xml": manifest.encode(), "stimuli/doc.xml": stimulus}
        return zipped(parts | dict(zip(names, items, strict=True)))

    alone = qti.read_package(package(one), defaults=DEFAULTS)
    assert alone.testlets == ()
    assert alone.items[0].stem.startswith("### Un courriel\n\nBonjour.\n\n")
    pair = qti.read_package(package(one, two), defaults=DEFAULTS)
    assert [case.id for case in pair.testlets] == ["QTI-DOC-1"]
    assert pair.testlets[0].document.body == "Bonjour."
    assert {item.testlet for item in pair.items} == {"QTI-DOC-1"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('<p>x</p><qti-extended-text-interaction response-identifier="RESPONSE"/>', "cannot ask"),
        ('<p>x</p><qti-upload-interaction response-identifier="RESPONSE"/>', "cannot ask"),
        ("<p>rien à répondre</p>", "no interactions"),
        (CHOICE + CHOICE, "2 interactions"),
        (CHOICE.replace('identifier="ChoiceC"', 'identifier="ChoiceA"'), "same identifier"),
        (
            CHOICE.replace(CHOICES, CHOICES[: CHOICES.index('<qti-simple-choice identifier="ChoiceC"')]),
            "2 options",
        ),
    ],
)
def test_what_the_bank_cannot_ask_refuses_the_package_or_is_left_out_on_purpose(
    body: str, reason: str
) -> None:
    good, bad = (item_3(each, declared("single", "identifier", "ChoiceB")) for each in (CHOICE, body))
    manifest = (
        b'<manifest xmlns="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1" identifier="M"><resources>'
        b'<resource identifier="A" type="imsqti_item_xmlv3p0" href="a.xml"><file href="a.xml"/></resource>'
        b'<resource identifier="B" type="imsqti_item_xmlv3p0" href="b.xml"><file href="b.xml"/></resource>'
        b"</resources></manifest>"
    )
    data = zipped({"imsmanifest.xml": manifest, "a.xml": good, "b.xml": bad})
    with pytest.raises(RefusedImport, match=reason):
        qti.read_package(data, defaults=DEFAULTS)
    found = qti.read_package(data, defaults=DEFAULTS, leave_out=True)
    assert len(found.items) == 1
    assert [note.subject for note in found.left_out] == ["b.xml"]
    assert reason in found.left_out[0].message


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>un</p><p>deux</p>", "un\n\ndeux"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ('<ol start="3"><li>a</li><li>b</li></ol>', "3. a\n4. b"),
        ("<p>* pas une liste</p>", "\\* pas une liste"),
        ("<p>a<br/>b</p>", "a\\\nb"),
        ("<div><h2>T</h2><span>x <i>y</i></span></div>", "### T\n\nx *y*"),
        (
            "<table><tr><th>a</th><th>b</th></tr><tr><td>1|2</td><td/></tr></table>",
            "| a | b |\n|---|---|\n| 1\\|2 |  |",
        ),
        ("<pre>  x\n y</pre>", "```\n  x\n y\n```"),
        ("<p>**pas gras** `ni code`</p>", "\\*\\*pas gras\\*\\* \\`ni code\\`"),
    ],
)
def test_html_of_other_tools_becomes_simple_markdown(html: str, markdown: str) -> None:
    skipped: list[Any] = []
    assert to_markdown(element("div", None, *from_html(html)), skipped.append) == markdown
    assert skipped == []


def test_programs_and_pictures_leave_their_words_alone_and_are_told() -> None:
    skipped: list[Any] = []
    html = '<p>un <a href="javascript:x()">lien</a><script>x()</script><img src="x" alt="image"/></p>'
    assert to_markdown(element("div", None, *from_html(html)), skipped.append) == "un lienimage"
    assert [etree.QName(node).localname for node in skipped] == ["a", "script", "img"]
