"""The pages about personal data: an owner sets lengths, hands out and erases; nobody else."""

import httpx2

from app.auth.permissions import Role
from app.db import Database
from app.institutions.tables import Learner
from tests.app.delivery.learner import Learner as Taker
from tests.app.office.people import person
from tests.app.privacy.test_privacy import NAME, took
from tests.conftest import Published


async def test_an_owner_finds_hands_out_and_erases_a_learner(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    learner, _ = await took(client, published, database, "etu-7")
    (await person(database, published.institution_id)).use(client)
    unknown = await client.get("/espace/donnees", params={"apprenant": "personne"})
    assert unknown.status_code == 404
    found = await client.get("/espace/donnees", params={"apprenant": " etu-7 "})
    address = f"/espace/donnees/apprenants/{learner}"
    assert (found.status_code, found.headers["location"]) == (303, address)
    page = await client.get(address)
    assert page.status_code == 200
    assert "etu-7" in page.text
    assert NAME not in page.text
    file = await client.get(f"{address}/fichier")
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.json()["learner"]["identity"]["given_name"] == NAME
    unsure = await client.post(f"{address}/effacement")
    assert unsure.status_code == 303
    async with database.reading() as db:
        assert (await db.get_one(Learner, learner)).external_id == "etu-7"
    erased = await client.post(f"{address}/effacement", data={"sure": "1"})
    assert erased.status_code == 200
    async with database.reading() as db:
        assert (await db.get_one(Learner, learner)).external_id is None


async def test_lengths_are_kept_or_refused_whole(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    (await person(database, published.institution_id)).use(client)
    lengths = {"identity": "30", "pseudonym": "400", "entries": "400", "never_started": "10"}
    wrong = await client.post("/espace/donnees/durees", data={**lengths, "entries": "3"})
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.text
    kept = await client.post("/espace/donnees/durees", data=lengths)
    assert kept.headers["location"] == "/espace/donnees?fait=durees"
    told = await client.get("/v1/privacy/retention", headers=published.authorization)
    assert {row["data_class"]: str(row["days"]) for row in told.json()["data"]} == lengths


async def test_no_other_role_opens_them(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    taker = Taker(client, published.authorization)
    await taker.create(learner="etu-8")
    for role in Role:
        if role is not Role.OWNER:
            (await person(database, published.institution_id, role)).use(client)
            assert (await client.get("/espace/donnees")).status_code == 403, role
