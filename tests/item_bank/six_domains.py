"""The shipped bank with a sixth domain, imaging and AI: two files more, nothing else changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import item_bank

SHIPPED = Path(item_bank.__file__).parent / "content"

DOMAIN = """\
id: D6
heading: Imagerie et intelligence artificielle
summary: Ce que l’image médicale et l’intelligence artificielle demandent de savoir.
competences:
"""
COMPETENCE = """\
  - id: D6C{c}
    heading: "Compétence d’essai {c}"
    advice: {{title: Agir, text: Faire le geste.}}
    topics:
      - {{id: D6C{c}.un, heading: Premier sujet}}
      - {{id: D6C{c}.deux, heading: Deuxième sujet}}
      - {{id: D6C{c}.trois, heading: Troisième sujet}}
"""
ITEM = """\
  - id: D6C{c}-{n:03d}
    topic: D6C{c}.{topic}
    level: {level}
    interaction: multiple_choice
    stem: "Quelles réponses conviennent à l’essai {n} de la compétence {c} ?"
    options:
      - {{id: a, text: "Une première.", why: "Oui."}}
      - {{id: b, text: "Une deuxième.", why: "Non."}}
      - {{id: c, text: "Une troisième.", why: "Oui."}}
      - {{id: d, text: "Une quatrième.", why: "Non."}}
    key: [a, c]
    rationale: La règle de l’essai.
    sources: [Un texte d’essai]
    professions: [transversal]
    stage: cycle1
    recheck: 2027-12-31
    status: in_review
    author: essai
"""
COMPETENCES = (1, 2, 3)
TOPICS = ("un", "deux", "trois")


def with_a_sixth_domain(folder: Path) -> Path:
    """Copy the shipped bank and add the files of a domain: its own, and one of items for each competence."""
    content = folder / "content"
    shutil.copytree(SHIPPED, content)
    domain = DOMAIN + "".join(COMPETENCE.format(c=number) for number in COMPETENCES)
    (content / "domains" / "D6.yaml").write_text(domain, encoding="utf-8")
    for number in COMPETENCES:
        items = [
            ITEM.format(c=number, n=place + 1, topic=TOPICS[place % 3], level=place + 1) for place in range(6)
        ]
        text = f"competence: D6C{number}\nitems:\n" + "".join(items)
        (content / "items" / f"D6C{number}.yaml").write_text(text, encoding="utf-8")
    return content
