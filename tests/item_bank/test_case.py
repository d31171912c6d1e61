"""CASE 1.1 packages: the shape that the standard's JSON binding prescribes, stable identifiers, nothing dangling."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import item_bank
from item_bank import files
from item_bank.case import identifier, package, packages
from item_bank.errors import InvalidFramework
from item_bank.framework import Framework

SHIPPED = Path(item_bank.__file__).parent / "content"
BASE = "https://exemple.test/palier"

# 1EdTech CASE 1.1, REST/JSON binding: of each class used here the fields that must and that may be present. None of
# these classes admits others; `extensions` are open.
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
CLASSES: Mapping[str, tuple[str, str]] = {
    "CFPackage": ("CFDocument", "CFItems CFAssociations CFDefinitions CFRubrics extensions"),
    "CFDocument": (
        "identifier uri creator title lastChangeDateTime",
        "frameworkType caseVersion officialSourceURL publisher description subject subjectURI language version "
        "adoptionStatus statusStartDate statusEndDate licenseURI notes extensions",
    ),
    "CFItems": (
        "identifier fullStatement uri lastChangeDateTime",
        "alternativeLabel CFItemType humanCodingScheme listEnumeration abbreviatedStatement conceptKeywords "
        "conceptKeywordsURI notes subject subjectURI language educationLevel CFItemTypeURI licenseURI "
        "statusStartDate statusEndDate extensions",
    ),
    "CFAssociations": (
        "identifier associationType uri originNodeURI destinationNodeURI lastChangeDateTime",
        "sequenceNumber CFAssociationGroupingURI notes extensions",
    ),
    "CFDefinitions": ("", "CFConcepts CFSubjects CFLicenses CFItemTypes CFAssociationGroupings extensions"),
    "CFItemTypes": (
        "identifier uri title description hierarchyCode lastChangeDateTime",
        "typeCode extensions",
    ),
    "CFRubrics": ("identifier uri lastChangeDateTime", "title description CFRubricCriteria extensions"),
    "CFRubricCriteria": (
        "identifier uri lastChangeDateTime",
        "category description CFItemURI weight position rubricId CFRubricCriterionLevels extensions",
    ),
    "CFRubricCriterionLevels": (
        "identifier uri lastChangeDateTime",
        "description quality score feedback position rubricCriterionId extensions",
    ),
    "originNodeURI": ("title identifier uri", "targetType"),
    "destinationNodeURI": ("title identifier uri", "targetType"),
    "CFItemTypeURI": ("title identifier uri", ""),
}
ASSOCIATIONS = {
    *("isChildOf", "isPeerOf", "isPartOf", "exactMatchOf", "precedes"),
    *("isRelatedTo", "replacedBy", "exemplar", "hasSkillLevel", "isTranslationOf"),
}


@pytest.fixture(scope="module")
def framework() -> Framework:
    found = files.read(SHIPPED).content.framework
    assert found is not None
    return found


@pytest.fixture(scope="module")
def written(framework: Framework) -> dict[str, Any]:
    return {
        name: json.loads(body)
        for name, body in packages(framework, base_uri=BASE, creator="Éditeur d’essai").items()
    }


def faults(name: str, body: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Whatever in an object is not as the binding prescribes."""
    here = f"{path}/{name}"
    required, allowed = (set(names.split()) for names in CLASSES[name])
    yield from (f"{here}: {field} is missing" for field in sorted(required - set(body)))
    yield from (f"{here}: {field} is not allowed" for field in sorted(set(body) - required - allowed))
    for field, value in body.items():
        if field == "extensions":
            continue
        if isinstance(value, dict):
            yield from faults(field, value, here)
        elif isinstance(value, list):
            for index, one in enumerate(value):
                yield from faults(field, one, f"{here}[{index}]")
        elif field == "identifier" and not UUID.fullmatch(value):
            yield f"{here}: {value} is not a UUID of version 5"
        elif field == "uri" and not (urlsplit(value).scheme and urlsplit(value).netloc):
            yield f"{here}: {value} is not an address"
        elif field == "lastChangeDateTime":
            datetime.datetime.fromisoformat(value)
        elif field in ("sequenceNumber", "position") and not isinstance(value, int):
            yield f"{here}: {field} is not a whole number"
        elif field not in ("sequenceNumber", "position") and not isinstance(value, str):
            yield f"{here}: {field} is not a text"
    if name == "CFAssociations" and body["associationType"] not in ASSOCIATIONS:
        yield f"{here}: {body['associationType']} is not a type of association"
    if name == "CFDocument" and body["caseVersion"] != "1.1":
        yield f"{here}: not version 1.1"


def test_every_package_has_the_shape_that_the_standard_prescribes(written: dict[str, Any]) -> None:
    for name, body in written.items():
        assert list(faults("CFPackage", body)) == [], name


@pytest.mark.parametrize(
    ("place", "field", "value", "words"),
    [
        (("CFItems", 0), "fullStatement", None, "fullStatement is missing"),
        (("CFItems", 1), "CFDocumentURI", "", "CFDocumentURI is not allowed"),
        (("CFAssociations", 0), "associationType", "isBelow", "isBelow is not a type"),
        (("CFAssociations", 1), "identifier", "D1", "D1 is not a UUID"),
        (("CFItems", 2), "uri", "/D1", "/D1 is not an address"),
        (("CFAssociations", 2), "sequenceNumber", "1", "sequenceNumber is not a whole number"),
    ],
)
def test_the_check_of_the_shape_finds_faults(
    written: dict[str, Any], place: tuple[str, int], field: str, value: str | None, words: str
) -> None:
    body = json.loads(json.dumps(written["numerique-en-sante.json"]))
    body[place[0]][place[1]][field] = value
    if value is None:
        del body[place[0]][place[1]][field]
    told = list(faults("CFPackage", body))
    assert len(told) == 1
    assert words in told[0]


def test_the_framework_has_an_item_for_each_domain_competence_and_topic(
    framework: Framework, written: dict[str, Any]
) -> None:
    body = written["numerique-en-sante.json"]
    codes = [item["humanCodingScheme"] for item in body["CFItems"]]
    assert sorted(codes) == sorted(
        [domain.id for domain in framework.domains] + list(framework.competences) + list(framework.topics)
    )
    assert [
        level["quality"] for level in body["CFRubrics"][0]["CFRubricCriteria"][0]["CFRubricCriterionLevels"]
    ] == [level.label for level in framework.certification_levels]


def test_each_item_has_one_parent_and_all_lead_to_the_document(written: dict[str, Any]) -> None:
    for body in written.values():
        parent = {
            one["originNodeURI"]["identifier"]: one["destinationNodeURI"]["identifier"]
            for one in body["CFAssociations"]
            if one["associationType"] == "isChildOf"
        }
        items = {item["identifier"] for item in body["CFItems"]}
        assert set(parent) == items
        for item in items:
            steps = 0
            while item in parent:
                item, steps = parent[item], steps + 1
            assert item == body["CFDocument"]["identifier"]
            assert 1 <= steps <= 3


def test_identifiers_are_unique_over_all_packages(written: dict[str, Any]) -> None:
    found = [
        one["identifier"]
        for body in written.values()
        for one in (body["CFDocument"], *body["CFItems"], *body["CFAssociations"])
    ]
    assert len(found) == len(set(found))


def test_a_referentiel_is_the_part_of_the_framework_that_it_takes(
    framework: Framework, written: dict[str, Any]
) -> None:
    whole = {item["identifier"]: item for item in written["numerique-en-sante.json"]["CFItems"]}
    body = written["numerique-en-sante-social-bac.json"]
    referentiel = framework.referentiel("social-bac")
    codes = {item["humanCodingScheme"] for item in body["CFItems"]}
    assert "D4C2" not in codes
    assert not any(code.startswith("D4C2.") for code in codes)
    weights = {
        item["humanCodingScheme"]: item["extensions"]["weight"]
        for item in body["CFItems"]
        if item["CFItemType"] == "Domaine"
    }
    assert weights == dict(referentiel.weights)
    assert body["CFDocument"]["extensions"]["levels"] == {"lowest": 1, "highest": 4}
    same = [one for one in body["CFAssociations"] if one["associationType"] == "exactMatchOf"]
    assert len(same) == len(body["CFItems"])
    own = {item["identifier"]: item for item in body["CFItems"]}
    for one in same:
        there, here = whole[one["destinationNodeURI"]["identifier"]], own[one["originNodeURI"]["identifier"]]
        assert there["fullStatement"] == here["fullStatement"]
        assert one["destinationNodeURI"]["uri"] == there["uri"]


def test_the_same_framework_gives_the_same_bytes_and_known_identifiers(framework: Framework) -> None:
    first = packages(framework, base_uri=BASE, creator="É")
    assert packages(framework, base_uri=f"{BASE}/", creator="É") == first
    # For ever: other systems hold these.
    assert identifier(framework, "competence", "D1C1") == "d364013b-1a28-5f05-b784-dc50507bc616"


def test_an_identifier_stays_when_a_heading_or_the_day_changes(framework: Framework) -> None:
    day = datetime.date(2030, 1, 2)
    later = package(framework, base_uri=BASE, creator="É", changed=day)
    assert later["CFItems"][0]["identifier"] == identifier(framework, "domain", "D1")
    assert later["CFItems"][0]["lastChangeDateTime"] == "2030-01-02T00:00:00Z"


def test_a_framework_without_a_day_is_not_exchanged_unless_one_is_given(framework: Framework) -> None:
    data = framework.to_dict()
    del data["revised"]
    undated = Framework.from_dict(data)
    with pytest.raises(InvalidFramework, match="revised: is missing"):
        packages(undated, base_uri=BASE, creator="É")
    assert packages(undated, base_uri=BASE, creator="É", changed=datetime.date(2030, 1, 2))
