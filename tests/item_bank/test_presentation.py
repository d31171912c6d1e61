"""A learner sees the question and nothing that answers it; nothing an author types can run in a page."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from item_bank.errors import InvalidItem
from item_bank.item import Item
from item_bank.presentation import explain, option_order, plain, present, render, render_inline
from item_bank.scoring import parse

if TYPE_CHECKING:
    from tests.item_bank.conftest import BankFolder

CANARY = "CANARI"
BASE: dict[str, Any] = {
    "id": "D1C1-001",
    "competence": "D1C1",
    "topic": "D1C1.sigles",
    "level": 6,
    "stem": "Question **importante** ?",
    "rationale": f"{CANARY} rationale",
    "sources": [f"{CANARY} source"],
    "facts": [f"{CANARY}-fact"],
    "professions": ["transversal"],
    "stage": "cycle1",
    "recheck": "2027-12-31",
    "status": "in_review",
    "author": f"{CANARY} author",
    "doubt": f"{CANARY} doubt",
    "enemies": [f"D1C1-{CANARY}"],
    "parameters": {"discrimination": 1.2345, "difficulty": 2.3456, "source": f"{CANARY} calibration"},
}
OPTIONS = [{"id": letter, "text": f"Choix {letter}.", "why": f"{CANARY} why {letter}"} for letter in "abcd"]
SPECIFIC: dict[str, dict[str, Any]] = {
    "single_choice": {"options": OPTIONS, "key": "b"},
    "multiple_choice": {"options": OPTIONS, "key": ["a", "c"]},
    "order": {"options": OPTIONS, "key": ["c", "a", "d", "b"]},
    "match": {
        "options": OPTIONS,
        "categories": [{"id": "x", "text": "Oui"}, {"id": "y", "text": "Non"}],
        "key": {"a": "x", "b": "y", "c": "x", "d": "y"},
    },
    "short_text": {"accepted": [f"{CANARY} accepted"]},
    "numeric": {"key": 98765, "tolerance": 43210, "unit": "heures"},
    "zone": {
        "document": {
            "title": "Courriel reçu",
            "kind": "email",
            "fields": [["De", "[[d|Support <a@b.example>]]"], ["Objet", "Avis"]],
            "body": "Bonjour,\n\n| Lien | Suite |\n| --- | --- |\n| [[a|Cliquez **ici**]] | fin |\n\n"
            "- [[c|Le service\n  d’assistance]]\n- [[b|Paul & fils]]\n",
        },
        "options": OPTIONS,
        "key": ["a", "d"],
    },
}
interactions = pytest.mark.parametrize("interaction", list(SPECIFIC))
seeds = st.integers(0, 2**64 - 1)


def make_item(interaction: str, **changes: Any) -> Item:
    return Item.from_dict({**BASE, "interaction": interaction, **SPECIFIC[interaction], **changes})


@interactions
def test_what_is_presented_holds_neither_key_nor_rationale_nor_parameter(interaction: str) -> None:
    shown = repr(present(make_item(interaction), seed=7))
    assert CANARY not in shown
    for secret in ("98765", "43210", "1.2345", "2.3456"):
        assert secret not in shown


@interactions
def test_two_items_that_differ_by_their_key_alone_are_presented_alike(interaction: str) -> None:
    other_keys: dict[str, dict[str, Any]] = {
        "single_choice": {"key": "d"},
        "multiple_choice": {"key": ["b", "c", "d"]},
        "match": {"key": {"a": "y", "b": "y", "c": "y", "d": "x"}},
        "short_text": {"accepted": ["autre"]},
        "numeric": {"key": 1},
        "zone": {"key": ["b"]},
        # An order item may be shuffled once more so as not to show its answer; any other key does here.
        "order": {"key": ["d", "c", "a", "b"]},
    }
    one, other = make_item(interaction), make_item(interaction, level=1, **other_keys[interaction])
    same = [present(one, seed=seed) == present(other, seed=seed) for seed in range(40)]
    assert all(same) if interaction != "order" else sum(same) > 30


def test_the_fields_of_a_presented_item_are_a_closed_list() -> None:
    names = {field.name for field in dataclasses.fields(present(make_item("match"), seed=1))}
    assert names == {
        "item_id",
        "interaction",
        "language",
        "stem_html",
        "hint",
        "options",
        "categories",
        "unit",
        "document",
        "maximum",
        "maximum_score",
        "counted_spelling",
    }


@given(seeds)
def test_the_order_of_options_is_a_function_of_the_seed(seed: int) -> None:
    item = make_item("single_choice")
    assert option_order(item, seed) == option_order(make_item("single_choice"), seed)
    assert sorted(option_order(item, seed)) == ["a", "b", "c", "d"]


def test_the_order_of_options_is_the_one_of_the_first_day() -> None:
    assert [option_order(make_item("single_choice"), seed) for seed in (0, 1, 2**63)] == [
        ("d", "b", "c", "a"),
        ("c", "a", "d", "b"),
        ("d", "b", "a", "c"),
    ]


def test_every_option_comes_first_about_as_often() -> None:
    item = make_item("single_choice")
    first = [option_order(item, seed)[0] for seed in range(2_000)]
    assert all(420 < first.count(letter) < 580 for letter in "abcd")


def test_two_items_are_not_shuffled_alike() -> None:
    one, other = make_item("single_choice"), make_item("single_choice", id="D1C1-002")
    assert sum(option_order(one, seed) == option_order(other, seed) for seed in range(200)) < 30


@given(seeds)
def test_an_author_can_keep_the_order_of_options(seed: int) -> None:
    assert option_order(make_item("single_choice", shuffle=False), seed) == ("a", "b", "c", "d")


@given(seeds, st.permutations("abc"), st.booleans())
def test_steps_are_never_shown_in_their_right_order(seed: int, key: list[str], shuffle: bool) -> None:
    item = make_item("order", options=OPTIONS[:3], key=key, shuffle=shuffle)
    assert option_order(item, seed) != tuple(key)


def test_a_case_is_presented_with_its_document(bank: BankFolder) -> None:
    content = bank.content()
    shown = present(content.item("CAS-D2-1-1"), seed=3, testlet=content.testlets[0])
    assert shown.document is not None
    assert shown.document.html == "<p>Votre boîte sera <strong>suspendue</strong>.</p>"
    assert shown.document.fields == (("De", "Support <support@securite.example>"),)


# --- HTML --------------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "[lien](javascript:alert(1))",
    "![x](javascript:alert(1))",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe src='https://evil.example'></iframe>",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    "<p style='position:fixed'>x</p>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<!--><script>alert(1)</script>-->",
    "| a |\n|:-:|\n| <img src=x onerror=alert(1)> |",
    "1. <form action=//evil.example><button>x</button></form>",
    "\u2028<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
]
ALLOWED = re.compile(
    r"</?(?:p|strong|em|ul|ol|li|code|pre|h3|blockquote|table|thead|tbody|tr|th|td)>|<(?:br|hr)>|<ol start=\"\d+\">"
)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_typed_by_an_author_becomes_active_html(text: str) -> None:
    for html in (render(text), render_inline(text)):
        assert "<" not in ALLOWED.sub("", html)
        assert "href" not in ALLOWED.sub("", html) or "&lt;" in html


@given(st.text(st.sampled_from("<>&\"'`*_#|-[]()!:/=\n ajscriptonelv123."), max_size=120))
def test_any_text_becomes_allowed_tags_only(text: str) -> None:
    assert "<" not in ALLOWED.sub("", render(text))
    assert "<" not in ALLOWED.sub("", render_inline(text))


def test_simple_markdown_is_rendered() -> None:
    assert render("Un **mot** et\n\n- un\n- deux") == (
        "<p>Un <strong>mot</strong> et</p>\n<ul>\n<li>un</li>\n<li>deux</li>\n</ul>"
    )
    assert "<td>1</td>" in render("| a |\n|---|\n| 1 |")
    assert render("# Titre") == "<h3>Titre</h3>"
    assert render_inline("*a* `b`") == "<em>a</em> <code>b</code>"
    assert plain("**Oui**, `code` et *non*") == "Oui, code et non"


def test_typography_and_addresses_are_shown_as_typed() -> None:
    assert render("Écrire à <support@x.example>\u00a0: « oui\u00a0»") == (
        "<p>Écrire à &lt;support@x.example&gt;\u00a0: « oui\u00a0»</p>"
    )


# --- explanations ------------------------------------------------------------------------------------------


def test_a_choice_is_explained_option_by_option() -> None:
    item = make_item("single_choice")
    explanation = explain(item, parse(item, {"choice": "a"}), seed=5)
    assert not explanation.correct
    assert explanation.right_answer == "Choix b."
    assert explanation.given_answer == "Choix a."
    assert [option.id for option in explanation.options] == list(option_order(item, 5))
    by_id = {option.id: option for option in explanation.options}
    assert (by_id["b"].right, by_id["b"].chosen) == (True, False)
    assert (by_id["a"].right, by_id["a"].chosen) == (False, True)
    assert by_id["a"].why_html == f"{CANARY} why a"
    assert explanation.rationale_html == f"<p>{CANARY} rationale</p>"
    assert explanation.sources == (f"{CANARY} source",)


def test_an_order_is_explained_by_ranks() -> None:
    item = make_item("order")
    explanation = explain(item, parse(item, {"order": ["c", "d", "a", "b"]}))
    places = {option.id: (option.expected, option.given, option.right) for option in explanation.options}
    assert places == {
        "a": ("2", "3", False),
        "b": ("4", "4", True),
        "c": ("1", "1", True),
        "d": ("3", "2", False),
    }
    assert explanation.right_answer.splitlines()[0] == "1. Choix c."


def test_a_match_is_explained_by_categories() -> None:
    item = make_item("match")
    explanation = explain(item, parse(item, {"pairs": {"a": "x", "b": "x", "c": "x", "d": "y"}}))
    by_id = {option.id: option for option in explanation.options}
    assert (by_id["b"].expected, by_id["b"].given, by_id["b"].right) == ("Non", "Oui", False)
    assert by_id["a"].right


def test_entries_are_explained_in_words() -> None:
    numeric = make_item("numeric", key=72.5, tolerance=0)
    explanation = explain(numeric, parse(numeric, {"number": "70"}))
    assert (explanation.right_answer, explanation.given_answer) == ("72,5\u00a0heures", "70\u00a0heures")
    whole = make_item("numeric", key=2038, tolerance=0, unit="")
    assert explain(whole, parse(whole, {"number": "2038"})).right_answer == "2038"
    text = make_item("short_text", accepted=["MSSanté", "mss"])
    assert explain(text, parse(text, {"text": "mssante"})).right_answer == "MSSanté"


@interactions
def test_an_omitted_item_is_explained_too(interaction: str) -> None:
    item = make_item(interaction)
    explanation = explain(item, parse(item, None))
    assert explanation.omitted
    assert not explanation.correct
    assert explanation.given_answer == ""
    assert explanation.right_answer
    assert not any(option.chosen for option in explanation.options)


@interactions
def test_the_right_answer_is_explained_as_right(interaction: str) -> None:
    item = make_item(interaction)
    answers: dict[str, dict[str, Any]] = {
        "single_choice": {"choice": "b"},
        "multiple_choice": {"choices": ["a", "c"]},
        "order": {"order": ["c", "a", "d", "b"]},
        "match": {"pairs": {"a": "x", "b": "y", "c": "x", "d": "y"}},
        "short_text": {"text": f"{CANARY} accepted"},
        "numeric": {"number": "98765"},
        "zone": {"zones": ["a", "d"]},
    }
    explanation = explain(item, parse(item, json.loads(json.dumps(answers[interaction]))))
    assert explanation.correct
    assert explanation.given_answer == explanation.right_answer


def test_zones_stand_where_they_are_marked_and_their_words_are_plain_text() -> None:
    shown = present(make_item("zone"), seed=3)
    assert shown.document is not None
    assert [(zone.id, zone.text) for zone in shown.document.zones] == [
        ("d", "Support <a@b.example>"),
        ("a", "Cliquez **ici**"),
        ("c", "Le service d’assistance"),
        ("b", "Paul & fils"),
    ]
    assert shown.document.fields == (("De", "Support <a@b.example>"), ("Objet", "Avis"))
    assert shown.document.fields_html == (
        ("De", '<span data-zone="d">Support &lt;a@b.example&gt;</span>'),
        ("Objet", "Avis"),
    )
    assert '<td><span data-zone="a">Cliquez **ici**</span></td>' in shown.document.html
    assert '<li><span data-zone="b">Paul &amp; fils</span></li>' in shown.document.html
    assert "[[" not in repr(shown)


def test_zones_are_listed_in_reading_order_in_every_sitting() -> None:
    item = make_item("zone")
    assert {option_order(item, seed) for seed in range(20)} == {("d", "a", "c", "b")}


@given(st.text(max_size=60))
def test_whatever_the_words_of_a_zone_they_come_out_as_they_are_and_never_as_html(words: str) -> None:
    data = SPECIFIC["zone"]["document"]
    marked = {**data, "body": f"[[a|{words}]] [[b|x]] [[c|y]]"}
    try:
        item = make_item("zone", document=marked)
    except InvalidItem:
        return
    assert item.document is not None
    shown = present(item, seed=1)
    assert shown.document is not None
    zones = {zone.id: zone.text for zone in shown.document.zones}
    assert zones["a"] == dict(item.document.zones)["a"]
    between = shown.document.html.partition('<span data-zone="a">')[2].partition("</span>")[0]
    assert "<" not in between


def test_the_document_explained_holds_its_zones_and_each_says_whether_it_was_to_be_found() -> None:
    item = make_item("zone")
    explained = explain(item, parse(item, {"zones": ["a", "b"]}))
    assert [(option.id, option.right, option.chosen) for option in explained.options] == [
        ("d", True, False),
        ("a", True, True),
        ("c", False, False),
        ("b", False, True),
    ]
    assert explained.right_answer == "Choix d.\nChoix a."
    assert not explained.correct


def test_how_a_short_answer_must_be_spelt_is_said_before_it_is_given() -> None:
    assert "Majuscules et accents ne comptent pas." in present(make_item("short_text"), seed=1).hint
    strict = make_item("short_text", case_sensitive=True, punctuation_sensitive=True)
    shown = present(strict, seed=1)
    assert shown.counted_spelling == ("case", "punctuation")
    assert shown.hint.endswith("Les majuscules comptent. La ponctuation compte.")


@pytest.mark.parametrize("interaction", ["multiple_choice", "order", "match", "zone"])
def test_an_item_scored_in_part_says_so_and_explains_the_points(interaction: str) -> None:
    item = make_item(interaction, scoring="partial", parameters=None)
    assert "rapporte une partie des points" in present(item, seed=1).hint
    omitted = explain(item, parse(item, None))
    assert (omitted.score, omitted.maximum, omitted.omitted) == (0, item.maximum_score, True)
