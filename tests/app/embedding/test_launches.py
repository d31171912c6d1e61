"""Launch links: what makes them, whom they let in, who may frame what they open, and everything that is refused."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import func, select

from app.auth import service as auth
from app.auth.tables import SpentToken
from app.db import Database
from app.delivery.tables import Sitting
from app.embedding import tokens
from app.institutions import service as institutions
from app.secrets import Sealer
from tests.app.embedding.visitor import HOST, PALIER, Visitor, ancestors
from tests.conftest import START, Clock, Published

Browsers = Callable[..., Visitor]
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
async def browser(application: FastAPI) -> AsyncIterator[Browsers]:
    """Makes browsers, each with cookies of its own."""
    made: list[Visitor] = []

    def one(**how: Any) -> Visitor:
        made.append(Visitor(application, **how))
        return made[-1]

    yield one
    for visitor in made:
        await visitor.aclose()


async def launch(client: httpx2.AsyncClient, published: Published, **body: Any) -> dict[str, Any]:
    reply = await client.post(
        "/v1/launches", json={"design": "practice"} | body, headers=published.authorization
    )
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


async def refusal(client: httpx2.AsyncClient, published: Published, **body: Any) -> tuple[int, str]:
    reply = await client.post("/v1/launches", json=body, headers=published.authorization)
    problem = reply.json()
    return reply.status_code, problem["errors"][0]["field"] if problem.get("errors") else problem["code"]


def payload(address: str) -> dict[str, Any]:
    part = address.rsplit("/", 1)[1].split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


# The link


async def test_a_link_opens_the_sitting_it_was_made_for_in_the_browser_that_follows_it(
    client: httpx2.AsyncClient, published: Published, browser: Browsers, database: Database
) -> None:
    made = await launch(client, published, learner="etu-2026-0042")
    assert made["launch_url"].startswith(f"{PALIER}/lancement/")
    assert made["expires_at"] == "2027-01-11T10:00:00Z"
    page = await browser().follow(made["launch_url"])
    assert page.url.path == f"/epreuve/{made['sitting']}"
    assert "Avant de commencer" in page.text
    async with database.reading() as db:
        sitting = (await db.execute(select(Sitting))).scalar_one()
    assert str(sitting.id) == made["sitting"]
    assert sitting.institution_id == published.institution_id


@on_sqlite
async def test_a_link_says_nothing_of_its_learner(client: httpx2.AsyncClient, published: Published) -> None:
    made = await launch(client, published, learner="etu-2026-0042", profession="ide")
    claims = payload(made["launch_url"])
    assert set(claims) == {"aud", "jti", "sub", "iss", "exp"}
    assert claims["sub"] == made["sitting"]
    assert claims["iss"] == str(published.institution_id)


@on_sqlite
async def test_the_same_key_makes_one_sitting_and_gives_the_same_link(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    headers = published.authorization | {"Idempotency-Key": "cours-12-etu-42"}
    body = {"design": "practice", "learner": "etu-2026-0042"}
    first, second = [await client.post("/v1/launches", json=body, headers=headers) for _ in range(2)]
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    async with database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(Sitting))).scalar_one() == 1
    other = await client.post("/v1/launches", json=body | {"theme": "dark"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")


@on_sqlite
async def test_a_link_to_a_sitting_made_before_moves_it_to_another_browser(
    client: httpx2.AsyncClient, published: Published, browser: Browsers
) -> None:
    made = await launch(client, published)
    first, second = browser(), browser()
    home = str((await first.follow(made["launch_url"])).url.path)
    again = await client.post(
        "/v1/launches", json={"sitting": made["sitting"]}, headers=published.authorization
    )
    assert (await second.follow(again.json()["launch_url"])).url.path == home
    assert (await first.follow(home)).status_code == 404


@on_sqlite
async def test_a_campaign_leads_its_learner_to_the_sitting_that_is_not_finished(
    client: httpx2.AsyncClient, published: Published
) -> None:
    body = {"name": "Promotion 2027", "design": "certification", "purpose": "certification"}
    campaign = await client.post("/v1/campaigns", json=body, headers=published.authorization)
    assert campaign.status_code == 201, campaign.text
    asked = {"campaign": campaign.json()["id"], "learner": "etu-2026-0042"}
    first, second = [
        (await client.post("/v1/launches", json=asked, headers=published.authorization)).json()
        for _ in range(2)
    ]
    assert first["sitting"] == second["sitting"]
    assert first["launch_url"] != second["launch_url"]


@on_sqlite
async def test_a_request_that_names_nothing_of_the_institutions_to_open_is_refused(
    allowed: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    client = allowed
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
        stranger = {"Authorization": f"Bearer {await auth.create_api_key(db, other, 'tests', START)}"}
    theirs = (await client.post("/v1/sittings", json={"design": "practice"}, headers=stranger)).json()["id"]
    assert await refusal(client, published) == (422, "design")
    assert await refusal(client, published, design="nothing") == (422, "design")
    assert await refusal(client, published, sitting=theirs) == (422, "sitting")
    assert await refusal(client, published, sitting=str(uuid4())) == (422, "sitting")
    assert await refusal(client, published, sitting=theirs, design="practice") == (422, "sitting")
    assert await refusal(client, published, campaign=str(uuid4()), learner="x1") == (422, "campaign")
    assert await refusal(client, published, design="practice", lasts=3601) == (422, "lasts")
    assert await refusal(client, published, design="practice", accent="#ffe000") == (422, "accent")
    assert await refusal(client, published, design="practice", score=1) == (422, "score")


STRANGERS = (
    "https://elsewhere.example/",
    "https://lms.example.org.elsewhere.example/",
    "https://lms.example.org@elsewhere.example/",
    "https://elsewhere.example\\@lms.example.org/",
    "https://lms.example.org:8443/",
    "http://lms.example.org/",
    "//lms.example.org/",
    "javascript:alert(1)//https://lms.example.org",
    "https://lms.example.org/\r\nSet-Cookie: x=y",
    "https://lms.example.org:port/",
    "https://lms.exаmple.org/",
    "/retour",
)


@on_sqlite
async def test_nobody_is_sent_back_to_a_stranger(
    allowed: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    for address in STRANGERS:
        found = await refusal(allowed, published, design="practice", return_url=address)
        assert found == (422, "return_url"), address
    async with database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(Sitting))).scalar_one() == 0


@on_sqlite
async def test_a_finished_sitting_leads_back_to_the_page_it_was_opened_from(
    allowed: httpx2.AsyncClient, published: Published, browser: Browsers
) -> None:
    back = f"{HOST}/course/12?week=3"
    made = await launch(allowed, published, return_url=back)
    visitor = browser()
    home = (await visitor.follow(made["launch_url"])).url.path
    assert HOST not in (await visitor.follow(home)).text
    await visitor.post(f"{home}/commencer")
    await visitor.post(f"{home}/terminer")
    page = (await visitor.follow(home)).text
    assert re.search(rf'<a [^>]*href="{re.escape(back)}" target="_top">Revenir à lms.example.org</a>', page)


@on_sqlite
async def test_pages_wear_the_theme_the_language_and_the_colours_that_were_asked_for(
    client: httpx2.AsyncClient, published: Published, browser: Browsers
) -> None:
    made = await launch(client, published, theme="dark", lang="en", accent="#8A1538")
    visitor = browser()
    page = (await visitor.follow(made["launch_url"])).text
    assert '<html lang="en" data-theme="dark">' in page
    sheet = re.search(r'href="(/cadre/accents/8a1538-[0-9a-f]{6}\.css)"', page)
    assert sheet is not None
    assert "--brand: light-dark(#8a1538," in (await visitor.follow(sheet[1])).text
    for colours in ("ffe000-ffe000", "8a1538", "8a1538-x"):
        assert (await visitor.follow(f"/cadre/accents/{colours}.css")).status_code == 404
    # what the script of the host adds to the address wins
    other = await launch(client, published, theme="dark", lang="en")
    page = (await browser().follow(other["launch_url"] + "?theme=light&lang=fr")).text
    assert '<html lang="fr" data-theme="light">' in page


# Who is let in


async def test_a_link_is_good_for_one_browser_which_may_follow_it_again(
    client: httpx2.AsyncClient, published: Published, browser: Browsers, clock: Clock, database: Database
) -> None:
    address = (await launch(client, published))["launch_url"]
    mine, another = browser(), browser()
    home = (await mine.follow(address)).url.path
    refused = await another.follow(address)
    assert refused.status_code == 410
    assert "Ce lien a déjà servi" in refused.text
    assert (await another.follow(f"{address}?lang=en")).text.count("This link has been used") == 2
    assert (await mine.follow(address)).url.path == home
    clock.advance(3 * 3600)
    assert (await mine.follow(address)).url.path == home
    async with database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(SpentToken))).scalar_one() == 1


async def test_of_browsers_that_come_at_once_one_is_let_in(
    client: httpx2.AsyncClient, published: Published, browser: Browsers
) -> None:
    address = (await launch(client, published))["launch_url"]
    arrived = await asyncio.gather(*(browser().follow(address) for _ in range(6)))
    assert sorted(reply.status_code for reply in arrived) == [200, 410, 410, 410, 410, 410]


@on_sqlite
async def test_a_link_expires(
    client: httpx2.AsyncClient, published: Published, browser: Browsers, clock: Clock
) -> None:
    address = (await launch(client, published, lasts=600))["launch_url"]
    clock.advance(600)
    refused = await browser().follow(address)
    assert refused.status_code == 410
    assert "Ce lien a expiré" in refused.text


@on_sqlite
async def test_what_follows_links_without_keeping_cookies_spends_nothing(
    client: httpx2.AsyncClient, published: Published, browser: Browsers
) -> None:
    address = (await launch(client, published))["launch_url"]
    preview = await browser(keeps=False).follow(address)
    assert "Votre navigateur refuse les cookies" in preview.text
    assert (await browser().follow(address)).url.path.startswith("/epreuve/")


@on_sqlite
async def test_no_altered_token_is_accepted(
    client: httpx2.AsyncClient, published: Published, browser: Browsers
) -> None:
    address = (await launch(client, published, theme="dark"))["launch_url"]
    start = address.index("/lancement/") + len("/lancement/")
    visitor = browser()
    for place in range(start, len(address)):
        letter = "A" if address[place] != "A" else "B"
        altered = address[:place] + letter + address[place + 1 :]
        assert (await visitor.follow(altered)).status_code == 404
    for end in ("=", "%20", "."):
        assert (await visitor.follow(address + end)).status_code == 404
    assert (await visitor.follow(address)).status_code == 200


@on_sqlite
async def test_tokens_of_others_are_refused(
    application: FastAPI, client: httpx2.AsyncClient, published: Published, browser: Browsers
) -> None:
    sealer: Sealer = application.state.context.sealer
    address = (await launch(client, published))["launch_url"]
    claims, key = payload(address), OctKey.import_key(sealer.derived(tokens.PURPOSE)[0])
    header, body, signature = address.rsplit("/", 1)[1].split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    other_key = OctKey.import_key(sealer.derived("something else")[0])
    forged = [
        f"{none}.{body}.",
        f"{none}.{body}.{signature}",
        f"{header}.{body}.",
        jwt.encode({"alg": "HS256"}, claims, other_key),
        jwt.encode({"alg": "HS256"}, claims | {"aud": "palier:other"}, key),
        jwt.encode({"alg": "HS256"}, claims | {"iss": str(uuid4())}, key),
        jwt.encode({"alg": "HS256"}, claims | {"sub": str(uuid4())}, key),
        jwt.encode({"alg": "HS512"}, claims, key, algorithms=["HS512"]),
        "x" * 5000,
    ]
    for token in forged:
        refused = await browser().follow(f"/lancement/{token}")
        assert refused.status_code == 404
        assert "Ce lien ne mène nulle part" in refused.text
    assert (await browser().follow(address)).status_code == 200


# In a frame


async def test_a_frame_of_the_institution_holds_the_pages_of_a_launch(
    allowed: httpx2.AsyncClient, published: Published, browser: Browsers
) -> None:
    made = await launch(allowed, published)
    visitor = browser(framed=True)
    page = await visitor.follow(made["launch_url"])
    assert page.url.path == f"/epreuve/{made['sitting']}"
    assert [ancestors(reply) for reply in visitor.way] == [["'self'", HOST]] * 3
    cookies = [cookie for reply in visitor.way for cookie in reply.headers.get_list("set-cookie")]
    assert {cookie.split("=")[0] for cookie in cookies} >= {"palier", "reprise", "cadre"}
    for cookie in cookies:
        assert cookie.endswith("SameSite=None; Secure; Partitioned")
        assert "HttpOnly" in cookie
    # the forms of our own pages are taken, and lead on in the frame
    begun = await visitor.post(f"/epreuve/{made['sitting']}/commencer")
    assert begun.status_code == 303
    assert ancestors(await visitor.follow(page.url.path)) == ["'self'", HOST]


@on_sqlite
async def test_pages_that_no_launch_opened_in_a_frame_stand_in_none(
    allowed: httpx2.AsyncClient, published: Published, browser: Browsers
) -> None:
    made = await launch(allowed, published)
    visitor = browser()
    page = await visitor.follow(made["launch_url"])
    assert [ancestors(reply) for reply in [*visitor.way, await visitor.follow("/")]] == [["'self'"]] * 4
    assert "framed.js" not in page.text
    assert ancestors(await browser(framed=True).follow("/")) == ["'self'"]
    forged = await browser(framed=True).follow("/lancement/a.b.c")
    assert ancestors(forged) == ["'self'"]


@on_sqlite
async def test_an_institution_that_names_nobody_is_framed_by_nobody(
    client: httpx2.AsyncClient, published: Published, browser: Browsers
) -> None:
    address = (await launch(client, published))["launch_url"]
    refused = await browser(framed=True).follow(address)
    assert ancestors(refused) == ["'self'"]
    assert (await browser().follow(address)).status_code == 200  # nothing was spent


@on_sqlite
async def test_a_page_that_may_not_frame_a_launch_does_not_spend_it(
    allowed: httpx2.AsyncClient, published: Published, browser: Browsers
) -> None:
    address = (await launch(allowed, published))["launch_url"]
    refused = await browser(framed=True, host="https://elsewhere.example").follow(address)
    assert (refused.status_code, ancestors(refused)) == (404, ["'self'", HOST])
    assert (await browser(framed=True).follow(address)).status_code == 200


@on_sqlite
async def test_a_frame_without_cookies_offers_a_window_by_a_fresh_link_that_is_good_once(
    allowed: httpx2.AsyncClient, published: Published, browser: Browsers, clock: Clock
) -> None:
    made = await launch(allowed, published, return_url=f"{HOST}/course/12")
    framed = browser(framed=True, keeps=False)
    page = await framed.follow(made["launch_url"])
    assert ancestors(page) == ["'self'", HOST]
    assert 'data-trouble="cookies"' in page.text
    found = re.search(r'href="(/lancement/[^"]+)" target="_blank" rel="noopener"', page.text)
    assert found is not None
    assert found[1] not in made["launch_url"]
    clock.advance(599)
    window = browser()
    assert (await window.follow(found[1])).url.path == f"/epreuve/{made['sitting']}"
    assert "lancement" in window.cookies  # where the last page leads back to came along
    # neither of the two opens it elsewhere now
    for address in (found[1], made["launch_url"]):
        assert (await browser().follow(address)).status_code == 410


@on_sqlite
async def test_the_link_of_a_window_expires_and_outlives_its_launch_by_no_more_than_its_trace(
    allowed: httpx2.AsyncClient, published: Published, browser: Browsers, clock: Clock
) -> None:
    made = await launch(allowed, published)
    clock.advance(3590)
    page = await browser(framed=True, keeps=False).follow(made["launch_url"])
    found = re.search(r'href="(/lancement/[^"]+)"', page.text)
    assert found is not None
    clock.advance(601)
    assert (await browser().follow(found[1])).status_code == 410


@on_sqlite
async def test_test_mode_is_framed_by_the_hosts_of_the_live_institution(
    allowed: httpx2.AsyncClient, published: Published, browser: Browsers, database: Database
) -> None:
    async with database.transaction() as db:
        key = await auth.create_api_key(db, published.institution_id, "essai", START, mode="test")
    headers = {"Authorization": f"Bearer {key}"}
    reply = await allowed.post(
        "/v1/launches", json={"design": "practice", "return_url": f"{HOST}/"}, headers=headers
    )
    assert reply.status_code == 201, reply.text
    page = await browser(framed=True).follow(reply.json()["launch_url"])
    assert ancestors(page) == ["'self'", HOST]
    async with database.reading() as db:
        sitting = await db.get(Sitting, UUID(reply.json()["sitting"]))
    assert sitting is not None
    assert sitting.institution_id != published.institution_id


@on_sqlite
async def test_a_framed_page_tells_how_far_the_sitting_is_and_no_more(
    allowed: httpx2.AsyncClient, published: Published, browser: Browsers
) -> None:
    visitor = browser(framed=True)
    page = await visitor.follow((await launch(allowed, published))["launch_url"])
    told = f'data-frame="{HOST}" data-status="%s" data-answered="0" data-trouble=""'
    assert told % "created" in page.text
    await visitor.post(f"{page.url.path}/commencer")
    assert told % "in_progress" in (await visitor.follow(page.url.path)).text
    await visitor.post(f"{page.url.path}/terminer")
    assert told % "finished" in (await visitor.follow(page.url.path)).text


@on_sqlite
async def test_a_form_from_a_host_is_refused_even_in_a_frame(
    allowed: httpx2.AsyncClient, published: Published, browser: Browsers
) -> None:
    visitor = browser(framed=True)
    page = await visitor.follow((await launch(allowed, published))["launch_url"])
    for site in ("cross-site", "same-site"):
        reply = await visitor._client.post(
            f"{page.url.path}/commencer",
            headers={"Sec-Fetch-Site": site, "Sec-Fetch-Dest": "iframe", "Accept": "text/html"},
        )
        assert reply.status_code == 403


# The script of the host


@on_sqlite
async def test_the_hosts_script_is_light_depends_on_nothing_and_may_be_kept(
    client: httpx2.AsyncClient,
) -> None:
    newest, first = await client.get("/embed.js"), await client.get("/embed/v1.js")
    assert newest.text == first.text
    assert len(newest.content) <= 5_000
    assert "import" not in newest.text
    assert '"*"' not in newest.text  # every message names its addressee
    assert newest.headers["content-type"].startswith("text/javascript")
    assert newest.headers["cross-origin-resource-policy"] == "cross-origin"
    kept = await client.get("/embed.js", headers={"If-None-Match": newest.headers["etag"]})
    assert (kept.status_code, kept.content) == (304, b"")
