"""A sitting may name a référentiel and a profession: both limit what may be asked, and the quotas are its own."""

import httpx2
import numpy as np
import pytest
from fastapi import FastAPI

from app.delivery.replay import replay
from app.delivery.service import require
from item_bank.design import Scope
from tests.app.delivery.learner import Json, Learner
from tests.conftest import Published


@pytest.fixture
async def learner(client: httpx2.AsyncClient, published: Published) -> Learner:
    return Learner(client, published.authorization)


async def create(learner: Learner, **body: str) -> httpx2.Response:
    reply = await learner.post("/v1/sittings", {"design": "certification", **body})
    if reply.status_code == 201:
        learner.sitting = reply.json()
    return reply


async def test_a_sitting_for_a_referentiel_and_a_profession_asks_only_their_items_within_their_quotas(
    learner: Learner, application: FastAPI
) -> None:
    reply = await create(learner, referentiel="social-bac", profession="medico_social")
    assert reply.status_code == 201, reply.text
    question: Json | None = await learner.start()
    while question is not None:
        question = (await learner.answer(question)).json()["question"]
    delivery = application.state.context.delivery
    sitting = await require(delivery, learner.id)
    design = await delivery.assessments.in_use(sitting.design_id)
    assert design.key == "certification-social-bac"
    release = design.release.snapshot
    allowed = release.available("medico_social", pool=design.design.pool)
    assert len(sitting.items) == 32
    assert allowed[list(sitting.items)].all()
    counts = np.bincount(release.domain[list(sitting.items)], minlength=5)
    for domain, count in zip(release.framework.domains, counts.tolist(), strict=True):
        low, high = design.design.bounds(Scope.DOMAIN, domain.id)
        assert low <= count <= high
        assert design.most_per_domain(domain.id) == high < 32
    assert (await replay(delivery, learner.id)).identical


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"referentiel": "social"}, "referentiel", "sante-bac, sante-post-bac, social-bac, social-post-bac"),
        ({"referentiel": "social-bac", "design": "practice"}, "referentiel", "the design has none"),
        ({"referentiel": "social-bac", "profession": "medecin"}, "profession", "medico_social, transversal"),
    ],
)
async def test_what_a_design_does_not_serve_is_refused_with_what_it_does(
    learner: Learner, body: dict[str, str], field: str, words: str
) -> None:
    reply = await create(learner, **body)
    assert reply.status_code == 422
    error = reply.json()["errors"][0]
    assert error["field"] == field
    assert words in error["expected"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_referentiel_and_its_design_by_name_are_the_same_request(learner: Learner) -> None:
    key = {"Idempotency-Key": "etu-7"}
    body = {"design": "certification", "referentiel": "sante-bac"}
    first = await learner.post("/v1/sittings", body, **key)
    again = await learner.post("/v1/sittings", {"design": "certification-sante-bac"}, **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    other = await learner.post("/v1/sittings", {"design": "certification"}, **key)
    assert other.status_code == 409
