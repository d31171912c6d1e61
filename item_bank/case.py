"""The framework and its référentiels as 1EdTech CASE 1.1 packages (CFPackage, REST/JSON binding).

One package holds one document. The framework's has an item for each domain, competence and topic, and the
levels of the certification as a rubric; each référentiel's has the part of them that it takes, with its weights,
tied to the framework's items by ``exactMatchOf``. Identifiers are UUIDs of version 5: the same framework, base
address and day give the same bytes, and a heading that changes keeps its identifier.
"""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from item_bank.errors import Fault, InvalidFramework
from item_bank.framework import Framework, Referentiel

NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:palier:case")
CASE_VERSION: Final = "1.1"
_PATH: Final = "ims/case/v1p1"
_TYPES: Final[Mapping[str, tuple[str, str]]] = {
    "domain": ("Domaine", "Un des grands sujets sur lesquels un résultat est rendu."),
    "competence": ("Compétence", "Ce qu’une personne sait faire dans un domaine."),
    "topic": ("Sujet", "Le plus petit sujet : un test en pose au plus une question."),
}

Json = dict[str, Any]


def packages(
    framework: Framework, *, base_uri: str, creator: str, changed: datetime.date | None = None
) -> dict[str, bytes]:
    """Return the packages by file name: that of the framework first, then one for each référentiel.

    Parameters
    ----------
    framework : Framework
    base_uri : str
        Address under which the objects are, or will be, served.
    creator : str
        Who answers for the documents.
    changed : date, optional
        Day of the last change; by default the framework's own `revised`.

    Raises
    ------
    InvalidFramework
        If neither says a day: every object of CASE carries one.
    """
    day = changed or framework.revised
    if day is None:
        message = "is missing: every object of CASE carries a day."
        fault = Fault(("revised",), message, "Write `revised:` and a day in framework.yaml.")
        raise InvalidFramework(framework.id, [fault])
    written = {framework.id: package(framework, base_uri=base_uri, creator=creator, changed=day)}
    for referentiel in framework.referentiels:
        written[f"{framework.id}-{referentiel.id}"] = package(
            framework, base_uri=base_uri, creator=creator, changed=day, referentiel=referentiel
        )
    return {
        f"{name}.json": (json.dumps(body, ensure_ascii=False, indent=1) + "\n").encode()
        for name, body in written.items()
    }


def package(
    framework: Framework,
    *,
    base_uri: str,
    creator: str,
    changed: datetime.date,
    referentiel: Referentiel | None = None,
) -> Json:
    """Return one CFPackage: of the framework, or of one of its référentiels."""
    whole = _Writer(framework, base_uri.rstrip("/"), f"{changed.isoformat()}T00:00:00Z", "")
    if referentiel is None:
        whole.document(framework.title, _summary(framework), creator)
        whole.tree()
        return whole.package() | {"CFRubrics": [whole.rubric()]}
    part = _Writer(framework, whole.base_uri, whole.changed, f"{referentiel.id}/")
    part.document(referentiel.title, referentiel.audience, creator, _levels(referentiel))
    part.tree(referentiel)
    for kind, name, heading in part.written:
        part.associate("exactMatchOf", part.link(kind, name, heading), whole.link(kind, name, heading))
    return part.package()


def identifier(framework: Framework, kind: str, name: str) -> str:
    """Return the identifier of an object of the framework, the same for ever: ``("competence", "D1C1")``."""
    return str(uuid.uuid5(NAMESPACE, f"{framework.id}/{kind}/{name}"))


@dataclass
class _Writer:
    """A package being written; `prefix` keeps the objects of a référentiel apart from the framework's."""

    framework: Framework
    base_uri: str
    changed: str
    prefix: str
    head: Json = field(default_factory=dict)
    items: list[Json] = field(default_factory=list)
    associations: list[Json] = field(default_factory=list)
    written: list[tuple[str, str, str]] = field(default_factory=list)

    def known(self, resource: str, kind: str, name: str) -> Json:
        """The identifier and address of an object."""
        found = identifier(self.framework, kind, f"{self.prefix}{name}")
        return {"identifier": found, "uri": f"{self.base_uri}/{_PATH}/{resource}/{found}"}

    def link(self, kind: str, name: str, title: str) -> Json:
        resource = "CFDocuments" if kind == "document" else "CFItems"
        return {"title": title, **self.known(resource, kind, name)}

    def dated(self, body: Json) -> Json:
        return body | {"lastChangeDateTime": self.changed}

    def document(self, title: str, description: str, creator: str, extensions: Json | None = None) -> None:
        self.head = self.dated(
            {
                **self.known("CFDocuments", "document", ""),
                "frameworkType": "Competency",
                "caseVersion": CASE_VERSION,
                "creator": creator,
                "title": title,
                "description": description,
                "language": self.framework.language,
                "adoptionStatus": "Draft",
            }
        )
        if extensions:
            self.head["extensions"] = extensions

    def tree(self, referentiel: Referentiel | None = None) -> None:
        """Write the domains, competences and topics, or those that a référentiel takes."""
        weights = dict(referentiel.weights) if referentiel is not None else {}
        without = set(referentiel.without) if referentiel is not None else set()
        top = self.link("document", "", str(self.head["title"]))
        domains = [one for one in self.framework.domains if referentiel is None or one.id in weights]
        for place, domain in enumerate(domains, 1):
            extensions = {"weight": weights[domain.id]} if domain.id in weights else {}
            mine = self.item("domain", domain.id, domain.heading, domain.summary, extensions)
            self.associate("isChildOf", mine, top, place)
            competences = [one for one in domain.competences if one.id not in without]
            for order, competence in enumerate(competences, 1):
                number = {"reference": competence.reference} if competence.reference else {}
                below = self.item(
                    "competence", competence.id, competence.heading, competence.advice.text, number
                )
                self.associate("isChildOf", below, mine, order)
                topics = [one for one in competence.topics if one.id not in without]
                for rank, topic in enumerate(topics, 1):
                    self.associate(
                        "isChildOf", self.item("topic", topic.id, topic.heading, "", {}), below, rank
                    )

    def item(self, kind: str, name: str, heading: str, notes: str, extensions: Json) -> Json:
        body: Json = {
            **self.known("CFItems", kind, name),
            "fullStatement": heading,
            "humanCodingScheme": name,
            "CFItemType": _TYPES[kind][0],
            "CFItemTypeURI": {"title": _TYPES[kind][0], **self.known("CFItemTypes", "item_type", kind)},
            "language": self.framework.language,
        }
        if notes:
            body["notes"] = notes
        if extensions:
            body["extensions"] = extensions
        self.items.append(self.dated(body))
        self.written.append((kind, name, heading))
        return self.link(kind, name, heading)

    def associate(self, kind: str, origin: Json, destination: Json, place: int | None = None) -> None:
        name = f"{kind}/{origin['identifier']}/{destination['identifier']}"
        body: Json = {**self.known("CFAssociations", "association", name), "associationType": kind}
        if place is not None:
            body["sequenceNumber"] = place
        body["originNodeURI"] = origin | {"targetType": "CASE"}
        body["destinationNodeURI"] = destination | {"targetType": "CASE"}
        self.associations.append(self.dated(body))

    def rubric(self) -> Json:
        """The levels of the certification, lowest first."""
        levels = [
            self.dated(
                {
                    **self.known("CFRubricCriterionLevels", "level", level.id),
                    "quality": level.label,
                    "description": level.meaning,
                    "position": place,
                }
            )
            for place, level in enumerate(self.framework.certification_levels, 1)
        ]
        criterion = self.dated(
            {
                **self.known("CFRubricCriteria", "criterion", "level"),
                "description": "Le niveau délivré à l’issue de la certification.",
                "position": 1,
                "CFRubricCriterionLevels": levels,
            }
        )
        return self.dated(
            {
                **self.known("CFRubrics", "rubric", "levels"),
                "title": "Niveaux de la certification",
                "CFRubricCriteria": [criterion],
            }
        )

    def package(self) -> Json:
        types = [
            self.dated(
                {
                    **self.known("CFItemTypes", "item_type", kind),
                    "title": title,
                    "description": description,
                    "hierarchyCode": str(place),
                }
            )
            for place, (kind, (title, description)) in enumerate(_TYPES.items(), 1)
        ]
        return {
            "CFDocument": self.head,
            "CFItems": self.items,
            "CFAssociations": self.associations,
            "CFDefinitions": {"CFItemTypes": types},
        }


def _summary(framework: Framework) -> str:
    return " · ".join(domain.heading for domain in framework.domains)


def _levels(referentiel: Referentiel) -> Json:
    levels = {"lowest": referentiel.lowest_level, "highest": referentiel.highest_level}
    return {"levels": levels, "professions": list(referentiel.professions)}
