"""A small bank of two domains, written as text files, that each test may spoil."""

from __future__ import annotations

from pathlib import Path

import pytest

from item_bank.blueprint import Checked, check
from item_bank.files import Content, Problem, read

FRAMEWORK = """\
id: petit
title: Petit référentiel
language: fr
item_levels:
  - {number: 1, label: un, difficulty: -2.0}
  - {number: 2, label: deux, difficulty: -1.2}
  - {number: 3, label: trois, difficulty: -0.4}
  - {number: 4, label: quatre, difficulty: 0.4}
  - {number: 5, label: cinq, difficulty: 1.2}
  - {number: 6, label: six, difficulty: 2.0}
certification:
  cuts_are_placeholders: true
  levels:
    - {id: bas, label: Bas, meaning: Sous le seuil., next_step: Passer le seuil.}
    - {id: haut, label: Haut, meaning: Au-dessus du seuil., cut: 0.0}
domain_correlation: 0.8
professions:
  - {id: transversal, label: Tous}
  - {id: ide, label: Soins infirmiers}
  - {id: kine, label: Kinésithérapie}
stages:
  - {id: cycle1, label: Premier cycle}
"""

DOMAIN = """\
id: D{n}
heading: Domaine {n}
summary: Ce que le domaine recouvre.
competences:
  - id: D{n}C1
    heading: Première compétence
    reference: "{n}.1"
    advice: {{title: Agir, text: Faire le geste.}}
    topics:
      - {{id: D{n}C1.sigles, heading: Sigles}}
      - {{id: D{n}C1.gestes, heading: Gestes}}
      - {{id: D{n}C1.regles, heading: Règles}}
"""

ITEMS_1 = """\
competence: D1C1
items:
  - id: D1C1-001
    topic: D1C1.sigles
    level: 2
    interaction: single_choice
    stem: |
      Quel est le bon geste ?
    options:
      - {id: a, text: "Premier choix.", why: "Faux, parce que."}
      - {id: b, text: "Deuxième choix.", why: "Juste, parce que."}
      - {id: c, text: "Troisième choix.", why: "Faux, parce que."}
      - {id: d, text: "Quatrième choix.", why: "Faux, parce que."}
    key: b
    rationale: La règle et sa raison.
    sources: [Un texte public]
    facts: [F1.01]
    professions: [transversal]
    stage: cycle1
    recheck: 2027-12-31
    status: in_review
    author: rédaction
  - id: D1C1-002
    topic: D1C1.gestes
    level: 3
    interaction: numeric
    stem: Sous combien d’heures ?
    key: 72
    unit: heures
    rationale: La règle.
    sources: [Un texte public]
    professions: [ide]
    stage: cycle1
    recheck: 2027-12-31
    status: in_review
    author: rédaction
  - id: D1C1-003
    topic: D1C1.regles
    level: 4
    interaction: short_text
    stem: Quelle messagerie ?
    accepted: ["MSSanté", "messagerie sécurisée de santé"]
    rationale: La règle.
    sources: [Un texte public]
    professions: [transversal]
    stage: cycle1
    recheck: 2027-12-31
    status: in_review
    author: rédaction
"""

ITEMS_2 = """\
competence: D2C1
items:
  - id: D2C1-001
    topic: D2C1.sigles
    level: 1
    interaction: multiple_choice
    stem: Lesquels ?
    options:
      - {id: a, text: "Un.", why: "Oui."}
      - {id: b, text: "Deux.", why: "Non."}
      - {id: c, text: "Trois.", why: "Oui."}
      - {id: d, text: "Quatre.", why: "Non."}
    key: [a, c]
    rationale: La règle.
    sources: [Un texte public]
    professions: [transversal]
    stage: cycle1
    recheck: 2027-12-31
    status: in_review
    author: rédaction
"""

CASE = """\
id: CAS-D2-1
title: Un cas
document:
  title: Courriel reçu
  kind: email
  fields:
    - [De, "Support <support@securite.example>"]
  body: |
    Votre boîte sera **suspendue**.
items:
  - id: CAS-D2-1-1
    competence: D2C1
    topic: D2C1.gestes
    level: 5
    interaction: order
    stem: Dans quel ordre ?
    options:
      - {id: a, text: Finir}
      - {id: b, text: Commencer}
      - {id: c, text: Continuer}
    key: [b, c, a]
    rationale: La règle.
    sources: [Un texte public]
    professions: [transversal]
    stage: cycle1
    recheck: 2027-12-31
    status: in_review
    author: rédaction
  - id: CAS-D2-1-2
    competence: D2C1
    topic: D2C1.regles
    level: 6
    interaction: match
    stem: Classez.
    categories:
      - {id: x, text: Permis}
      - {id: y, text: Interdit}
    options:
      - {id: a, text: Lire, why: "Permis."}
      - {id: b, text: Copier, why: "Interdit."}
      - {id: c, text: Signer, why: "Permis."}
    key: {a: x, b: y, c: x}
    rationale: La règle.
    sources: [Un texte public]
    professions: [transversal]
    stage: cycle1
    recheck: 2027-12-31
    status: in_review
    author: rédaction
"""

DESIGN = """\
id: certification
title: Certification
purpose: certification
length: 4
minimum_responses: 3
time_limit: 10
feedback: none
stopping: {rule: length}
blueprint:
  - {scope: domain, id: D1, minimum: 1, maximum: 3}
  - {scope: domain, id: D2, minimum: 1, maximum: 3}
  - {scope: topic, id: "*", maximum: 1}
  - {scope: testlet, id: "*", maximum: 1}
"""

FILES = {
    "framework.yaml": FRAMEWORK,
    "domains/D1.yaml": DOMAIN.format(n=1),
    "domains/D2.yaml": DOMAIN.format(n=2),
    "items/D1C1.yaml": ITEMS_1,
    "items/D2C1.yaml": ITEMS_2,
    "cases/D2-cas.yaml": CASE,
    "designs/certification.yaml": DESIGN,
}


class BankFolder:
    """A content folder on disk; its files can be changed one text at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def text(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> int:
        """Replace the first occurrence and return its line."""
        before, found, after = self.text(name).partition(old)
        assert found, f"{old!r} is not in {name}"
        self.write(name, before + new + after)
        return before.count("\n") + 1

    def content(self) -> Content:
        content, problems = read(self.root)
        assert problems == ()
        return content

    def problems(self) -> tuple[Problem, ...]:
        return read(self.root).problems

    def only_problem(self) -> Problem:
        problems = self.problems()
        assert len(problems) == 1, [str(problem) for problem in problems]
        return problems[0]

    def check(self) -> Checked:
        return check(self.root)


@pytest.fixture
def bank(tmp_path: Path) -> BankFolder:
    return BankFolder(tmp_path / "content")
