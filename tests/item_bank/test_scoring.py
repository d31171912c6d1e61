"""Scoring: what is accepted, what is refused, and what can be mended."""

from __future__ import annotations

import datetime
import json
import random
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from item_bank.errors import InvalidResponse
from item_bank.item import Item
from item_bank.scoring import (
    FIELD_OF,
    Outcome,
    forgiven_errors,
    matches_text,
    normalise,
    parse,
    read_number,
    score,
)

OPTIONS = [{"id": letter, "text": f"Choix {letter}", "why": "Parce que."} for letter in "abcd"]
SPECIFIC: dict[str, dict[str, Any]] = {
    "single_choice": {"options": OPTIONS, "key": "b"},
    "multiple_choice": {"options": OPTIONS, "key": ["a", "c"]},
    "order": {"options": OPTIONS, "key": ["c", "a", "d", "b"]},
    "match": {
        "options": OPTIONS,
        "categories": [{"id": "x", "text": "Oui"}, {"id": "y", "text": "Non"}],
        "key": {"a": "x", "b": "y", "c": "x", "d": "y"},
    },
    "short_text": {"accepted": ["MSSanté", "messagerie sécurisée de santé"]},
    "numeric": {"key": 72, "unit": "heures"},
    "zone": {
        "document": {
            "title": "Courriel",
            "kind": "email",
            "fields": [["De", "[[d|Support]]"]],
            "body": "[[a|Ouvrez]] ou [[b|fermez]] le [[c|lien]].",
        },
        "options": OPTIONS,
        "key": ["a", "c"],
    },
}
RIGHT: dict[str, Any] = {
    "single_choice": {"choice": "b"},
    "multiple_choice": {"choices": ["a", "c"]},
    "order": {"order": ["c", "a", "d", "b"]},
    "match": {"pairs": {"a": "x", "b": "y", "c": "x", "d": "y"}},
    "short_text": {"text": "mssante"},
    "numeric": {"number": "72 h"},
    "zone": {"zones": ["c", "a"]},
}
WRONG: dict[str, Any] = {
    "single_choice": {"choice": "a"},
    "multiple_choice": {"choices": ["a", "c", "d"]},
    "order": {"order": ["a", "c", "d", "b"]},
    "match": {"pairs": {"a": "y", "b": "y", "c": "x", "d": "y"}},
    "short_text": {"text": "Doctolib"},
    "numeric": {"number": "71,9"},
    "zone": {"zones": ["a", "b", "c"]},
}


def make_item(interaction: str, **changes: Any) -> Item:
    return Item.from_dict(
        {
            "id": "D1C1-001",
            "competence": "D1C1",
            "topic": "D1C1.sigles",
            "level": 2,
            "interaction": interaction,
            "stem": "Question ?",
            "rationale": "Parce que.",
            "sources": ["Un texte"],
            "professions": ["transversal"],
            "stage": "cycle1",
            "recheck": datetime.date(2027, 12, 31),
            "status": "in_review",
            "author": "rédaction",
            **SPECIFIC[interaction],
            **changes,
        }
    )


ITEMS = {interaction: make_item(interaction) for interaction in SPECIFIC}
interactions = pytest.mark.parametrize("interaction", list(SPECIFIC))


@interactions
def test_the_right_response_has_full_credit(interaction: str) -> None:
    item = ITEMS[interaction]
    result = score(item, parse(item, RIGHT[interaction]))
    assert (result.score, result.maximum, result.outcome) == (1, 1, Outcome.ANSWERED)


@interactions
def test_a_wrong_response_has_no_credit_and_is_answered(interaction: str) -> None:
    item = ITEMS[interaction]
    result = score(item, parse(item, WRONG[interaction]))
    assert (result.score, result.outcome) == (0, Outcome.ANSWERED)


@interactions
def test_nothing_entered_is_omitted_in_every_form(interaction: str) -> None:
    item, field = ITEMS[interaction], FIELD_OF[ITEMS[interaction].interaction]
    empty_forms: dict[str, list[Any]] = {
        "single_choice": [{field: ""}],
        "multiple_choice": [{field: []}],
        "order": [{field: []}],
        "match": [{field: {}}, {field: {"a": "", "b": None}}],
        "short_text": [{field: ""}, {field: " \t\u00a0\u200b"}],
        "numeric": [{field: ""}, {field: "  "}],
        "zone": [{field: []}],
    }
    for raw in (None, {}, {field: None}, *empty_forms[interaction]):
        response = parse(item, raw)
        assert response.omitted
        assert response.to_dict() == {}
        result = score(item, response)
        assert (result.score, result.maximum, result.outcome) == (0, 1, Outcome.OMITTED)


@interactions
def test_the_canonical_form_survives_a_round_trip_through_json(interaction: str) -> None:
    item = ITEMS[interaction]
    for raw in (RIGHT[interaction], WRONG[interaction]):
        response = parse(item, raw)
        assert parse(item, json.loads(json.dumps(response.to_dict()))) == response


@pytest.mark.parametrize(
    ("interaction", "raw", "field"),
    [
        ("single_choice", {"choice": "e"}, "choice"),
        ("single_choice", {"choice": 1}, "choice"),
        ("single_choice", {"choice": ["b"]}, "choice"),
        ("single_choice", {"choice": "B"}, "choice"),
        ("single_choice", {"choice": "b", "score": 1}, "score"),
        ("single_choice", {"choices": ["b"]}, "choices"),
        ("multiple_choice", {"choices": ["a", "z"]}, "choices"),
        ("multiple_choice", {"choices": ["a", "a"]}, "choices"),
        ("multiple_choice", {"choices": "ac"}, "choices"),
        ("multiple_choice", {"choices": ["a"] * 1000}, "choices"),
        ("multiple_choice", {"choices": {"a": True}}, "choices"),
        ("order", {"order": ["c", "a", "d"]}, "order"),
        ("order", {"order": ["c", "a", "d", "d"]}, "order"),
        ("order", {"order": ["c", "a", "d", "e"]}, "order"),
        ("order", {"order": ["c", "a", "d", None]}, "order"),
        ("match", {"pairs": {"a": "x"}}, "pairs"),
        ("match", {"pairs": {"a": "x", "b": "y", "c": "x", "d": "z"}}, "pairs"),
        ("match", {"pairs": {"a": "x", "b": "y", "c": "x", "z": "y"}}, "pairs"),
        ("match", {"pairs": [["a", "x"]]}, "pairs"),
        ("match", {"pairs": {"a": ["x"], "b": "y", "c": "x", "d": "y"}}, "pairs"),
        ("short_text", {"text": "x" * 501}, "text"),
        ("short_text", {"text": 12}, "text"),
        ("short_text", {"text": ["MSSanté"]}, "text"),
        ("numeric", {"number": "beaucoup"}, "number"),
        ("numeric", {"number": True}, "number"),
        ("numeric", {"number": float("nan")}, "number"),
        ("numeric", {"number": float("inf")}, "number"),
        ("numeric", {"number": 10**30}, "number"),
        ("numeric", {"number": "9" * 400}, "number"),
        ("numeric", {"number": [72]}, "number"),
    ],
)
def test_a_response_that_cannot_be_an_answer_is_refused_with_its_field(
    interaction: str, raw: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidResponse) as caught:
        parse(ITEMS[interaction], raw)
    assert caught.value.field == field
    assert caught.value.expected.endswith(".")


def test_something_that_is_not_an_object_is_refused() -> None:
    with pytest.raises(InvalidResponse):
        parse(ITEMS["single_choice"], ["b"])  # type: ignore[arg-type]


def test_a_response_to_another_interaction_is_refused() -> None:
    with pytest.raises(InvalidResponse):
        score(ITEMS["order"], parse(ITEMS["single_choice"], {"choice": "b"}))


def test_a_stored_text_never_holds_what_a_database_refuses() -> None:
    response = parse(ITEMS["short_text"], {"text": "MS\x00San\ud800te\u202e\u0301 "})
    assert response.value == "MSSanté"
    json.dumps(response.to_dict()).encode()


def test_the_choices_of_a_multiple_choice_have_no_order() -> None:
    item = ITEMS["multiple_choice"]
    assert parse(item, {"choices": ["c", "a"]}) == parse(item, {"choices": ["a", "c"]})


@given(st.sets(st.sampled_from("abcd")))
def test_only_the_exact_set_of_options_is_right(chosen: set[str]) -> None:
    item = ITEMS["multiple_choice"]
    result = score(item, parse(item, {"choices": sorted(chosen)}))
    assert result.score == (chosen == {"a", "c"})


@given(st.permutations("abcd"))
def test_only_the_exact_order_is_right(order: list[str]) -> None:
    item = ITEMS["order"]
    assert score(item, parse(item, {"order": order})).score == (order == ["c", "a", "d", "b"])


@given(st.fixed_dictionaries({letter: st.sampled_from("xy") for letter in "abcd"}))
def test_only_the_exact_pairs_are_right(pairs: dict[str, str]) -> None:
    item = ITEMS["match"]
    assert score(item, parse(item, {"pairs": pairs})).score == (pairs == RIGHT["match"]["pairs"])


@given(st.sets(st.sampled_from("abcd")))
def test_only_the_exact_set_of_zones_is_right(chosen: set[str]) -> None:
    item = ITEMS["zone"]
    assert score(item, parse(item, {"zones": sorted(chosen)})).score == (chosen == {"a", "c"})


PARTIAL = {name: make_item(name, scoring="partial") for name in ("multiple_choice", "order", "match", "zone")}


@pytest.mark.parametrize("interaction", list(PARTIAL))
def test_all_the_credit_is_earned_by_the_right_response_and_by_it_alone(interaction: str) -> None:
    item, whole = PARTIAL[interaction], ITEMS[interaction]
    for raw in (RIGHT[interaction], WRONG[interaction]):
        in_part, all_or_nothing = score(item, parse(item, raw)), score(whole, parse(whole, raw))
        assert in_part.maximum == item.maximum_score > 1
        assert (in_part.score == in_part.maximum) == bool(all_or_nothing.score)


@given(st.sets(st.sampled_from("abcd"), min_size=1))
def test_a_further_right_choice_earns_a_point_and_a_further_wrong_one_costs_one(chosen: set[str]) -> None:
    item = PARTIAL["multiple_choice"]

    def credit(options: set[str]) -> int:
        return score(item, parse(item, {"choices": sorted(options)})).score

    surplus = len(chosen & {"a", "c"}) - len(chosen & {"b", "d"})
    assert credit(chosen) == max(0, surplus)
    for option in {"a", "b", "c", "d"} - chosen:
        step = 1 if option in {"a", "c"} else -1
        assert credit({*chosen, option}) == max(0, surplus + step)


@given(st.fixed_dictionaries({letter: st.sampled_from("xy") for letter in "abcd"}))
def test_each_element_in_its_category_earns_a_point(pairs: dict[str, str]) -> None:
    item = PARTIAL["match"]
    right = sum(pairs[letter] == RIGHT["match"]["pairs"][letter] for letter in "abcd")
    assert score(item, parse(item, {"pairs": pairs})).score == right


def test_an_order_can_earn_every_number_of_points() -> None:
    item = PARTIAL["order"]
    earned = {score(item, parse(item, {"order": list(order)})).score for order in permutations("abcd")}
    assert earned == {0, 1, 2, 3}


@given(st.permutations("cadb"), st.integers(0, 3))
def test_moving_the_first_steps_behind_the_others_costs_one_point_at_most(order: list[str], by: int) -> None:
    item = PARTIAL["order"]

    def credit(steps: list[str]) -> int:
        return score(item, parse(item, {"order": steps})).score

    assert abs(credit(order[by:] + order[:by]) - credit(order)) <= 1


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from("abcdxy"),
    lambda children: (
        st.lists(children, max_size=5) | st.dictionaries(st.sampled_from([*"abcdxy", "choice"]), children)
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(SPECIFIC)), json_values)
def test_any_json_is_either_read_or_refused_and_never_crashes(interaction: str, value: Any) -> None:
    item = ITEMS[interaction]
    try:
        response = parse(item, {FIELD_OF[item.interaction]: value})
    except InvalidResponse:
        return
    assert score(item, response).score in (0, 1)
    assert parse(item, response.to_dict()) == response


# --- short text --------------------------------------------------------------------------------------------

ACCEPTED: list[tuple[str, str]] = [
    # answer, entered
    ("MSSanté", "MSSanté"),
    ("MSSanté", "mssante"),
    ("MSSanté", "MSSANTE"),
    ("MSSanté", "MS Santé"),
    ("MSSanté", "ms-santé"),
    ("MSSanté", "  MSSanté.  "),
    ("MSSanté", "la MSSanté"),
    ("MSSanté", "« MSSanté »"),
    ("MSSanté", "MSSnaté"),
    ("MSSanté", "MSanté"),
    ("MSSanté", "MSSantés"),
    ("MSSanté", "MSSante\u0301"),
    ("messagerie sécurisée de santé", "messagerie securisee sante"),
    ("messagerie sécurisée de santé", "La messagerie sécurisée de santé"),
    ("messagerie sécurisée de santé", "messageries sécurisée de santé"),
    ("RGPD", "rgpd"),
    ("RGPD", "R.G.P.D."),
    ("RGPD", "le RGPD"),
    ("RGPD", "R G P D"),
    ("RGPD", "\uff32\uff27\uff30\uff24"),
    ("HDS", "hds"),
    ("HDS", "H.D.S"),
    ("e-CPS", "eCPS"),
    ("e-CPS", "E-cps"),
    ("e-CPS", "e cps"),
    ("DMP", "dmp !"),
    ("AIPD", "l’AIPD"),
    ("AIPD", "l'AIPD"),
    ("AIPD", "d’AIPD"),
    ("hameçonnage", "hameconnage"),
    ("hameçonnage", "l’hameçonnage"),
    ("hameçonnage", "Hameçonage"),
    ("hameçonnage", "hameçonnages"),
    ("hameçonnage", "un hameçonnage"),
    ("hameçonnage", "hamecçonnage"),
    ("rançongiciel", "ranconjiciel"),
    ("rançongiciel", "RANÇONGICIEL"),
    ("rançongiciel", "rancongicel"),
    ("téléexpertise", "télé-expertise"),
    ("téléexpertise", "tele expertise"),
    ("téléexpertise", "télexpertise"),
    ("téléexpertise", "la télé expertise"),
    ("œdème", "oedeme"),
    ("cœur", "coeur"),
    ("FINESS", "finess"),
    ("FINESS", "FINES"),
    ("FINESS", "Finness"),
    ("Mon espace santé", "mon espace sante"),
    ("Mon espace santé", "Mon Espace Santé."),
    ("Mon espace santé", "monespacesanté"),
    ("bris de glace", "le bris de glace"),
    ("bris de glace", "bris glace"),
    ("ISO 27001", "iso27001"),
    ("ISO 27001", "ISO-27001"),
    ("HL7 FHIR", "hl7 fhir"),
    ("télésurveillance médicale", "telesurveilance medicale"),
    ("5G", "la 5 G"),
    ("CIM-10", "cim 10"),
    ("3-2-1", "321"),
    ("3-2-1", "3 2 1"),
    ("vitamine D", "vitamine d"),
]
REFUSED: list[tuple[str, str]] = [
    ("MSSanté", "Santé"),
    ("MSSanté", "Mon espace santé"),
    ("MSSanté", "MSS"),
    ("MSSanté", "Mssntae"),
    ("MSSanté", ""),
    ("MSSanté", "…"),
    ("MSSanté", "pas MSSanté"),
    ("RGPD", "RGPB"),
    ("RGPD", "RPGD"),
    ("RGPD", "RGP"),
    ("RGPD", "RGPDD"),
    ("HDS", "HAS"),
    ("HAS", "HDS"),
    ("DMP", "DPI"),
    ("DPI", "DUI"),
    ("INS", "INSi"),
    ("INSi", "INS"),
    ("CPS", "CPE"),
    ("CPS", "e-CPS"),
    ("e-CPS", "CPS"),
    ("LAP", "LAD"),
    ("RPPS", "RPS"),
    ("ANS", "ANSM"),
    ("DPO", "DPD"),
    ("ROR", "RRO"),
    ("FINESS", "FINS"),
    ("FINESS", "SIRENE"),
    ("FINESS", "FINE"),
    ("hameçonnage", "harponnage"),
    ("hameçonnage", "hameçon"),
    ("anonymisation", "pseudonymisation"),
    ("pseudonymisation", "anonymisation"),
    ("téléexpertise", "téléconsultation"),
    ("télésoin", "télémédecine"),
    ("rançongiciel", "logiciel"),
    ("rançongiciel", "maliciel"),
    ("ISO 27001", "ISO 27002"),
    ("ISO 27001", "ISO 2701"),
    ("ISO 27001", "ISO 9001"),
    ("CIM-10", "CIM-11"),
    ("CIM-10", "CIM"),
    ("3-2-1", "3-2-2"),
    ("5G", "4G"),
    ("HL7 FHIR", "HL8 FHIR"),
    ("HL7 FHIR", "HL7 FIRE"),
    ("Mon espace santé", "espace"),
    ("Mon espace santé", "Doctolib"),
    ("vitamine D", "vitamine B"),
    ("vitamine D", "vitamine"),
    ("bris de glace", "glace"),
    ("bris de glace", "bruit de glace"),
    ("HL7 FHIR", "HL7 FIHR"),
    ("carte CPS", "carte CPE"),
    ("télésurveillance médicale", "telesurveilance medicalle"),
]


@pytest.mark.parametrize(("answer", "entered"), ACCEPTED)
def test_the_same_answer_written_another_way_is_accepted(answer: str, entered: str) -> None:
    assert matches_text(entered, [answer])


@pytest.mark.parametrize(("answer", "entered"), REFUSED)
def test_another_answer_is_refused_however_close(answer: str, entered: str) -> None:
    assert not matches_text(entered, [answer])


def test_an_author_can_ask_for_the_exact_spelling() -> None:
    assert not matches_text("hameconage", ["hameçonnage"], edit_distance=0)
    assert matches_text("hameconnage", ["hameçonnage"], edit_distance=0)


def test_two_typing_errors_are_forgiven_only_when_the_author_says_so_and_the_word_is_long() -> None:
    assert not matches_text("ransongisiel", ["rançongiciel"])
    assert matches_text("ransongisiel", ["rançongiciel"], edit_distance=2)
    assert not matches_text("fimmess", ["FINESS"], edit_distance=2)


@given(st.text(min_size=1, max_size=30), st.integers(0, 2))
def test_an_accepted_answer_always_accepts_itself(answer: str, distance: int) -> None:
    assert matches_text(answer, [answer], distance) == bool(normalise(answer))


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing_more_and_leaves_letters_and_digits(text: str) -> None:
    once = normalise(text)
    assert once == "" or once.isalnum()
    assert once.isascii()


@given(st.text("abcdefgh", min_size=1, max_size=12), st.integers(0, 2**32))
def test_never_more_typing_errors_than_the_bound_are_forgiven(answer: str, seed: int) -> None:
    rng = random.Random(seed)
    allowed = forgiven_errors(answer, None)
    changed = list(answer)
    for place in rng.sample(range(len(answer)), min(allowed + 1, len(answer))):
        changed[place] = "z"
    assert not matches_text("".join(changed), [answer])


@given(st.text("abcdefgh", min_size=5, max_size=12), st.integers(0, 11))
def test_one_wrong_letter_in_a_word_of_five_or_more_is_forgiven(answer: str, place: int) -> None:
    place %= len(answer)
    assert matches_text(answer[:place] + "z" + answer[place + 1 :], [answer])


@given(
    st.from_regex(r"[a-f]{3,6}[0-9]{1,4}[a-f]{0,4}", fullmatch=True), st.integers(0, 9), st.integers(0, 20)
)
def test_a_wrong_digit_is_never_forgiven(answer: str, digit: int, which: int) -> None:
    places = [place for place, letter in enumerate(answer) if letter.isdigit()]
    place = places[which % len(places)]
    changed = answer[:place] + str(digit) + answer[place + 1 :]
    assert matches_text(changed, [answer]) == (changed == answer)


# --- numbers -----------------------------------------------------------------------------------------------

READ: list[tuple[str, str, str]] = [
    # text, unit of the item, number
    ("72", "", "72"),
    (" 72 ", "", "72"),
    ("72,5", "", "72.5"),
    ("72.5", "", "72.5"),
    ("+3", "", "3"),
    ("-3", "", "-3"),
    ("−3", "", "-3"),
    ("- 3", "", "-3"),
    (",5", "", "0.5"),
    ("0,50", "", "0.50"),
    ("007", "", "7"),
    ("1 000", "", "1000"),
    ("1\u00a0000", "", "1000"),
    ("1\u202f000", "", "1000"),
    ("1 234 567,89", "", "1234567.89"),
    ("10000", "", "10000"),
    ("\uff17\uff12", "", "72"),
    ("72 heures", "heures", "72"),
    ("72 h", "heures", "72"),
    ("72h", "heures", "72"),
    ("72 Heures.", "heures", "72"),
    ("72\u00a0h", "heures", "72"),
    ("1 heure", "heures", "1"),
    ("28 jours", "jours", "28"),
    ("28j", "jours", "28"),
    ("15 %", "%", "15"),
    ("15%", "%", "15"),
    ("15 pour cent", "%", "15"),
    ("20 ans", "ans", "20"),
    ("20 années", "ans", "20"),
    ("3 mois", "mois", "3"),
    ("12 caractères", "caractères", "12"),
    ("12,50 €", "euros", "12.50"),
    ("2 Go", "Go", "2"),
    ("45 minutes", "min", "45"),
]
UNREADABLE: list[tuple[str, str]] = [
    ("soixante-douze", ""),
    ("7 2", ""),
    ("1 00", ""),
    ("1,2,3", ""),
    ("1.234,5", ""),
    ("1,234.5", ""),
    ("72 heures", ""),
    ("72 jours", "heures"),
    ("72 €", "%"),
    ("h 72", "heures"),
    ("environ 72", ""),
    ("72?", ""),
    ("1e3", ""),
    ("0x10", ""),
    ("3/4", ""),
    ("--3", ""),
    ("+", ""),
    (",", ""),
    ("-", ""),
    ("72,", ""),
    ("72 - 75", ""),
    ("72-75", "heures"),
    ("1 0000", ""),
    ("NaN", ""),
    ("inf", ""),
    ("∞", ""),
    ("½", ""),
    ("123456789012345678901", ""),
]


@pytest.mark.parametrize(("text", "unit", "number"), READ)
def test_a_number_is_read_as_people_write_it(text: str, unit: str, number: str) -> None:
    assert read_number(text, unit) == Decimal(number)


@pytest.mark.parametrize(("text", "unit"), UNREADABLE)
def test_what_is_not_one_number_is_refused_so_that_it_can_be_mended(text: str, unit: str) -> None:
    with pytest.raises(InvalidResponse) as caught:
        read_number(text, unit)
    assert caught.value.field == "number"


def test_the_tables_hold_at_least_120_cases() -> None:
    assert len(ACCEPTED) + len(REFUSED) + len(READ) + len(UNREADABLE) >= 120


def test_another_unit_is_told_with_the_unit_expected() -> None:
    with pytest.raises(InvalidResponse, match="attendu en heures"):
        parse(ITEMS["numeric"], {"number": "3 jours"})


@pytest.mark.parametrize(
    ("entered", "right"),
    [("0,1", True), ("0,3", True), ("0.2", True), ("0,30000001", False), ("0,09", False)],
)
def test_a_tolerance_is_exact_in_decimals(entered: str, right: bool) -> None:
    item = make_item("numeric", key=0.2, tolerance=0.1, unit="")
    assert score(item, parse(item, {"number": entered})).score == right


def test_a_json_number_is_read_as_well_as_a_text() -> None:
    item = ITEMS["numeric"]
    for number in (72, 72.0):
        assert score(item, parse(item, {"number": number})).score == 1
    assert parse(item, {"number": 1e-7}).value == "0.0000001"


@given(st.decimals(-(10**9), 10**9, places=3), st.sampled_from([" ", "\u00a0", "\u202f", ""]))
def test_french_and_plain_notations_of_a_number_are_the_same(number: Decimal, space: str) -> None:
    french = f"{number:,.3f}".replace(",", space).replace(".", ",")
    assert read_number(french) == read_number(f"{number:.3f}") == number


@given(st.decimals(-1000, 1000, places=2), st.decimals(0, 10, places=2), st.decimals(-1000, 1000, places=2))
def test_right_means_within_the_tolerance(key: Decimal, tolerance: Decimal, entered: Decimal) -> None:
    item = make_item("numeric", key=float(key), tolerance=float(tolerance), unit="")
    right = abs(entered - key) <= tolerance
    assert score(item, parse(item, {"number": str(entered)})).score == right
