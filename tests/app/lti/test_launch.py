"""Launches: who is let in, where they arrive, and everything that is refused."""

import asyncio
import base64
import hashlib
import hmac
import json
import warnings
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import func, select

from app.audit import AuditEntry
from app.db import Database
from app.delivery.tables import Sitting
from app.institutions.settings import set_quotas
from app.institutions.tables import Learner
from app.lti.tables import LtiLink, LtiParticipation, LtiPlatform
from tests.app.lti.platform import CLAIM, TEACHER, LearningPlatform, registered
from tests.app.lti.visitor import begin, from_platform, hidden, launch
from tests.conftest import START, Clock, Published


async def test_a_learner_arrives_at_a_sitting_of_the_test_that_the_link_names(
    client: httpx2.AsyncClient, known: LearningPlatform, database: Database, published: Published
) -> None:
    reply = await launch(client, known)
    assert reply.status_code == 303, reply.text
    page = await client.get(reply.headers["location"])
    assert page.status_code == 200
    assert "Avant de commencer" in page.text
    async with database.reading() as db:
        sitting = (await db.execute(select(Sitting))).scalar_one()
        learner = (await db.execute(select(Learner))).scalar_one()
    assert reply.headers["location"] == f"/epreuve/{sitting.id}"
    assert sitting.institution_id == published.institution_id
    assert learner.external_id is not None
    assert learner.external_id.startswith("lti:")


async def test_neither_name_nor_address_nor_identifier_of_the_platform_is_stored(
    client: httpx2.AsyncClient, known: LearningPlatform, database: Database
) -> None:
    await launch(client, known, user="matricule-20260042")
    stored = []
    async with database.reading() as db:
        for table in (Learner, LtiParticipation, LtiLink, LtiPlatform, AuditEntry):
            rows = (await db.execute(select(table))).scalars()
            stored += [str(vars(row)) for row in rows]
    assert stored
    for secret in ("Lovelace", "ada@example.org", "matricule-20260042"):
        assert secret not in "".join(stored)


async def test_an_erased_learner_leaves_no_tie_to_the_platform_even_where_scores_stay(
    client: httpx2.AsyncClient,
    known: LearningPlatform,
    database: Database,
    published: Published,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.delivery.erasure.FEWEST_ALIKE", 1)
    address = f"/v1/sittings/{(await launch(client, known)).headers['location'].rpartition('/')[2]}"
    for act in ("start", "finish"):
        assert (await client.post(f"{address}/{act}", headers=published.authorization)).status_code == 200
    async with database.reading() as db:
        learner = (await db.execute(select(LtiParticipation.learner_id))).scalar_one()
    reply = await client.post(f"/v1/privacy/learners/{learner}/erasure", headers=published.authorization)
    assert (reply.json()["sittings_kept"], reply.json()["sittings_removed"]) == (1, 0)
    async with database.reading() as db:
        assert (await db.execute(select(LtiParticipation))).all() == []
        assert (await db.execute(select(Sitting))).all() != []


async def test_the_same_learner_at_the_same_link_finds_their_open_sitting_again(
    client: httpx2.AsyncClient, known: LearningPlatform, database: Database
) -> None:
    first = (await launch(client, known)).headers["location"]
    client.cookies.clear()  # another device
    second = (await launch(client, known)).headers["location"]
    other_link = (await launch(client, known, link="link-2")).headers["location"]
    somebody_else = (await launch(client, known, user="user-2")).headers["location"]
    assert first == second
    assert len({first, other_link, somebody_else}) == 3
    async with database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(Learner))).scalar() == 2


async def _rows(database: Database) -> dict[str, int]:
    """How many learners, links, participations and sittings there are."""
    async with database.reading() as db:
        return {
            table.__tablename__: (await db.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (Learner, LtiLink, LtiParticipation, Sitting)
        }


async def test_at_the_quota_nobody_new_comes_in_and_who_is_known_still_does(
    client: httpx2.AsyncClient, known: LearningPlatform, database: Database, published: Published
) -> None:
    imported = await client.post(
        "/v1/learners", json={"external_id": "etu-1"}, headers=published.authorization
    )
    assert imported.status_code == 201
    async with database.transaction() as db:
        await set_quotas(db, published.institution_id, {"learners": 2}, actor="t", now=START)
    first = await launch(client, known, user="user-1")
    assert first.status_code == 303
    before = await _rows(database)
    assert before["learner"] == 2
    for language, words in (("fr", "tous les apprenants"), ("en", "all the learners it may have")):
        client.cookies.set("lang", language)
        refused = await launch(client, known, user="user-2", link=f"link-{language}")
        assert refused.status_code == 403
        assert words in unescape(refused.text)
        assert '<span class="num">full</span>' in refused.text
        assert await _rows(database) == before
    client.cookies.clear()
    again = await launch(client, known, user="user-1")
    assert again.headers["location"] == first.headers["location"]
    elsewhere = await launch(client, known, user="user-1", link="link-2")
    assert elsewhere.status_code == 303
    assert (await _rows(database))["learner"] == 2


async def test_the_last_place_of_a_quota_is_taken_by_one_launch(
    client: httpx2.AsyncClient, known: LearningPlatform, database: Database, published: Published
) -> None:
    async with database.transaction() as db:
        await set_quotas(db, published.institution_id, {"learners": 1}, actor="t", now=START)
    forms = [known.launch(await begin(client, known), user=f"user-{n}", link=f"link-{n}") for n in range(3)]
    replies = await asyncio.gather(
        *(client.post("/lti/launch", data=form, headers=from_platform(known)) for form in forms)
    )
    assert sorted(reply.status_code for reply in replies) == [303, 403, 403]
    assert await _rows(database) == {"learner": 1, "lti_link": 1, "lti_participation": 1, "sitting": 1}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_the_login_asks_for_what_openid_connect_prescribes(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    address = await begin(client, known)
    asked = dict(parse_qsl(urlsplit(address).query))
    assert address.startswith(f"{known.url}/auth?")
    assert len(asked.pop("nonce")) >= 40
    assert asked.pop("state")
    assert asked == {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": "tool-42",
        "redirect_uri": "https://testserver/lti/launch",
        "login_hint": "user-1",
        "lti_message_hint": "link-1",
    }


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_the_cookie_of_a_login_may_live_in_a_frame_and_nowhere_else(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    reply = await client.get(known.login_url())
    (cookie,) = reply.headers.get_list("set-cookie")
    for attribute in ("HttpOnly", "Secure", "SameSite=None", "Partitioned", "Path=/lti/", "Max-Age=600"):
        assert f"; {attribute}" in cookie


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_login_may_be_posted(client: httpx2.AsyncClient, known: LearningPlatform) -> None:
    asked = dict(parse_qsl(urlsplit(known.login_url()).query))
    reply = await client.post("/lti/login", data=asked, headers=from_platform(known))
    assert reply.status_code == 303


async def test_a_launch_is_accepted_once(client: httpx2.AsyncClient, known: LearningPlatform) -> None:
    form = known.launch(await begin(client, known))
    first = await client.post("/lti/launch", data=form)
    again = await client.post("/lti/launch", data=form)
    assert first.status_code == 303
    assert told(again) == "replayed"


async def test_two_copies_of_a_launch_at_once_make_one_sitting(
    client: httpx2.AsyncClient, known: LearningPlatform, database: Database
) -> None:
    form = known.launch(await begin(client, known))
    replies = await asyncio.gather(*(client.post("/lti/launch", data=form) for _ in range(6)))
    assert sorted(reply.status_code for reply in replies) == [303, 403, 403, 403, 403, 403]
    async with database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(Sitting))).scalar() == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_message_for_one_login_does_not_answer_another(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    first, second = await begin(client, known), await begin(client, known)
    crossed = {**known.launch(first), "state": known.launch(second)["state"]}
    assert told(await client.post("/lti/launch", data=crossed)) == "nonce"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_another_browser_cannot_finish_a_login(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    form = known.launch(await begin(client, known))
    (name,) = [name for name in client.cookies if name.startswith("lti_")]
    client.cookies.clear()
    client.cookies.set(name, "somebody-else", domain="testserver.local", path="/lti/")
    assert told(await client.post("/lti/launch", data=form)) == "other_browser"


WRONG: list[tuple[dict[str, object], str]] = [
    ({"iss": "https://elsewhere.example"}, "issuer"),
    ({"aud": "another-tool"}, "audience"),
    ({"aud": ["tool-42", "another-tool"], "azp": "another-tool"}, "audience"),
    ({"aud": ["tool-42", "another-tool"], "azp": None}, "audience"),
    ({"aud": "tool-42", "azp": "another-tool"}, "audience"),
    ({"aud": {"tool-42": 1}}, "audience"),
    ({"exp": 1}, "clock"),
    ({"exp": "tomorrow"}, "clock"),
    ({"exp": 1e300}, "clock"),
    ({"iat": None}, "clock"),
    ({"nonce": "mine"}, "nonce"),
    ({CLAIM + "deployment_id": "deployment-2"}, "deployment"),
    ({CLAIM + "deployment_id": None}, "deployment"),
    ({CLAIM + "version": "1.1"}, "message"),
    ({CLAIM + "message_type": "LtiSubmissionReviewRequest"}, "message"),
    ({CLAIM + "resource_link": {"id": ["x"]}}, "message"),
    ({CLAIM + "resource_link": "x"}, "message"),
    ({CLAIM + "roles": "Learner"}, "message"),
    ({CLAIM + "roles": [1]}, "message"),
    ({CLAIM + "custom": {}}, "no_test"),
    ({CLAIM + "custom": {"design": "nothing"}}, "no_test"),
    ({CLAIM + "custom": {"design": "certification", "profession": "astronaut"}}, "no_test"),
    ({"sub": None}, "no_user"),
    ({"sub": ""}, "no_user"),
    ({"sub": "x" * 256}, "message"),
    ({"sub": "a\x00b"}, "message"),
    ({CLAIM + "roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Mentor"]}, "role"),
]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_signed_message_that_says_something_wrong_is_refused(
    client: httpx2.AsyncClient, known: LearningPlatform, database: Database
) -> None:
    for changes, reason in WRONG:
        form = known.launch(await begin(client, known))
        claims = {**claims_of(form["id_token"]), **changes}
        claims = {name: value for name, value in claims.items() if value is not None}
        reply = await client.post("/lti/launch", data={**form, "id_token": known.sign(claims)})
        assert told(reply) == reason, changes
        assert not reply.headers.get_list("set-cookie")
    async with database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(Sitting))).scalar() == 0


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_tokens_that_the_platform_did_not_sign_are_refused(
    client: httpx2.AsyncClient, known: LearningPlatform, platform_key: RSAKey
) -> None:
    form = known.launch(await begin(client, known))
    claims, kid = claims_of(form["id_token"]), str(known.registration.get_kid())
    stranger = RSAKey.generate_key(2048)
    head, body, signature = form["id_token"].split(".")
    unsigned = encoded({"alg": "none", "kid": kid})
    hs256 = encoded({"alg": "HS256", "kid": kid})
    mac = hmac.new(known.public_pem.encode(), f"{hs256}.{body}".encode(), hashlib.sha256).digest()
    forged = {
        "stranger's key under the right name": jwt.encode({"alg": "RS256", "kid": kid}, claims, stranger),
        "stranger's key under its own name": jwt.encode(
            {"alg": "RS256", "kid": stranger.thumbprint()}, claims, stranger
        ),
        "stranger's key in the header": jwt.encode(
            {"alg": "RS256", "kid": kid, "jwk": stranger.as_dict(private=False)}, claims, stranger
        ),
        "no key named": jwt.encode({"alg": "RS256"}, claims, platform_key),
        "the right key by another algorithm": jwt.encode(
            {"alg": "RS512", "kid": kid}, claims, platform_key, algorithms=["RS512"]
        ),
        "alg none": f"{unsigned}.{body}.",
        "alg none with a signature": f"{unsigned}.{body}.{signature}",
        "the public key as a secret": f"{hs256}.{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}",
        "no signature": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "five parts": f"{head}.{body}.{signature}.{body}.{signature}",
        "padding": f"{head}.{body}.{signature}==",
        "another body": f"{head}.{encoded({**claims, 'sub': 'user-2'})}.{signature}",
        "not a token": "abc",
        "a header that was not signed": f"{encoded({'alg': 'RS256', 'kid': kid, 'x': 1})}.{body}.{signature}",
        "a critical extension nobody knows": signed_as(
            {"alg": "RS256", "kid": kid, "crit": ["x"], "x": 1}, body, platform_key
        ),
    }
    for name, token in forged.items():
        reply = await client.post("/lti/launch", data={**form, "id_token": token})
        assert told(reply) == "signature", name
    assert (await client.post("/lti/launch", data=form)).status_code == 303


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_login_that_took_too_long_is_refused(
    client: httpx2.AsyncClient, known: LearningPlatform, clock: Clock
) -> None:
    form = known.launch(await begin(client, known))
    clock.advance(601)
    assert told(await client.post("/lti/launch", data=form)) == "state"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_an_altered_state_is_refused(client: httpx2.AsyncClient, known: LearningPlatform) -> None:
    form = known.launch(await begin(client, known))
    state = form["state"]
    for altered in (state[:-2] + "AA", state[1:], state + "A", "", "é", state[:40] + "B" + state[41:]):
        reply = await client.post("/lti/launch", data={**form, "state": altered})
        assert told(reply) in ("state", "missing")


async def test_unknown_and_ambiguous_platforms_are_refused(
    client: httpx2.AsyncClient, known: LearningPlatform, published: Published
) -> None:
    async def reason(**query: str) -> str:
        return told(await client.get("/lti/login", params=query))

    assert await reason(iss=known.url) == "missing"
    assert await reason(iss="https://elsewhere.example", login_hint="1") == "unknown_platform"
    assert await reason(iss=known.url, login_hint="1", client_id="another") == "unknown_platform"
    await registered(client, published.authorization, known.platform_in(client_id="tool-43"))
    assert await reason(iss=known.url, login_hint="1") == "several_platforms"


async def test_a_suspended_platform_lets_nobody_in(
    client: httpx2.AsyncClient, platform: LearningPlatform, published: Published
) -> None:
    platform_id = await registered(client, published.authorization, platform.platform_in())
    waiting = platform.launch(await begin(client, platform))
    address = f"/v1/lti/platforms/{platform_id}"
    await client.patch(address, json={"enabled": False}, headers=published.authorization)
    assert told(await client.get(platform.login_url())) == "disabled"
    assert told(await client.post("/lti/launch", data=waiting)) == "disabled"


async def test_a_deployment_that_registration_did_not_tell_is_fixed_by_the_first_launch(
    client: httpx2.AsyncClient, platform: LearningPlatform, published: Published, database: Database
) -> None:
    await registered(client, published.authorization, platform.platform_in(deployments=[]))
    assert (await launch(client, platform)).status_code == 303
    form = platform.launch(await begin(client, platform))
    other = {**claims_of(form["id_token"]), CLAIM + "deployment_id": "deployment-2"}
    reply = await client.post("/lti/launch", data={**form, "id_token": platform.sign(other)})
    assert told(reply) == "deployment"
    async with database.reading() as db:
        acts = (await db.execute(select(AuditEntry.act).order_by(AuditEntry.number))).scalars().all()
    assert list(acts).count("lti.deployment_fixed") == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_an_error_of_the_platform_is_told_without_its_words(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    reply = await client.post("/lti/launch", data={"error": "login_required<script>", "state": "x"})
    assert told(reply) == "platform_error"
    assert "login_required" not in reply.text


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_new_key_of_the_platform_is_found_and_unknown_ones_are_not_asked_for_again_and_again(
    client: httpx2.AsyncClient, known: LearningPlatform, clock: Clock
) -> None:
    assert (await launch(client, known)).status_code == 303
    fresh = RSAKey.generate_key(2048)
    known.private_pem = fresh.as_pem(private=True).decode()
    former, known.public_pem = known.public_pem, fresh.as_pem(private=False).decode()
    asked = count(known, "/jwks")
    clock.advance(31)
    assert (await launch(client, known)).status_code == 303
    assert count(known, "/jwks") == asked + 1
    known.public_pem, known.published_keys = former, []
    for _ in range(5):
        stranger = RSAKey.generate_key(2048)
        known.private_pem = stranger.as_pem(private=True).decode()
        assert told(await launch(client, known)) == "signature"
    assert count(known, "/jwks") == asked + 1
    clock.advance(31)
    assert told(await launch(client, known)) == "signature"
    assert count(known, "/jwks") == asked + 2


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_keys_that_cannot_be_read_are_said_so(
    client: httpx2.AsyncClient, platform: LearningPlatform, published: Published
) -> None:
    await registered(
        client, published.authorization, platform.platform_in(jwks_url=f"{platform.url}/nothing")
    )
    assert told(await launch(client, platform)) == "key_set"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_small_keys_are_refused(client: httpx2.AsyncClient, known: LearningPlatform) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the platform's library says so too
        small = RSAKey.generate_key(1024)
        known.private_pem = small.as_pem(private=True).decode()
        known.public_pem = small.as_pem(private=False).decode()
        form = known.launch(await begin(client, known))
    assert told(await client.post("/lti/launch", data=form)) == "signature"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_page_of_a_launch_may_be_framed_by_its_platform_alone(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    presentation = {CLAIM + "launch_presentation": {"return_url": "https://school.example/course/1?x"}}
    reply = await launch(client, known, role=TEACHER, claims=presentation)
    assert ancestors(reply) == ["'self'", known.url, "https://school.example"]
    hostile = {CLAIM + "launch_presentation": {"return_url": "https://x.example; script-src *"}}
    reply = await launch(client, known, role=TEACHER, claims=hostile)
    assert ancestors(reply) == ["'self'", known.url]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_without_a_cookie_the_login_is_begun_again_in_a_window_of_its_own(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    form = known.launch(await begin(client, known))
    client.cookies.clear()
    reply = await client.post("/lti/launch", data=form, headers=from_platform(known))
    assert reply.status_code == 200
    assert 'target="_blank"' in reply.text
    address = unescape(reply.text.split('href="/lti/login?')[1].split('"')[0])
    again = dict(parse_qsl(address))
    assert again == {
        "iss": known.url,
        "login_hint": "user-1",
        "lti_message_hint": "link-1",
        "client_id": "tool-42",
    }
    window = {**from_platform(known), "Sec-Fetch-Dest": "document"}
    second = await client.get("/lti/login", params=again)
    form = known.launch(second.headers["location"])
    client.cookies.clear()
    assert told(await client.post("/lti/launch", data=form, headers=window)) == "no_cookie"


async def test_the_storage_of_the_platform_stands_in_for_the_cookie(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    page = await client.get(known.login_url() + "&lti_storage_target=_parent")
    assert page.status_code == 200
    facts = {
        name: attribute(page.text, f"data-{name}") for name in ("key", "value", "address", "origin", "frame")
    }
    assert facts["origin"] == known.url
    assert facts["frame"] == "_parent"
    form = known.launch(facts["address"])
    client.cookies.clear()
    asking = await client.post("/lti/launch", data=form, headers=from_platform(known))
    assert attribute(asking.text, "data-key") == facts["key"]
    assert facts["value"] not in asking.text
    wrong = await client.post("/lti/launch", data={**form, "binding": "x" * 43}, headers=from_platform(known))
    assert told(wrong) == "other_browser"
    answered = {**form, "binding": facts["value"]}
    opening = await client.post("/lti/launch", data=answered, headers={"Sec-Fetch-Site": "same-origin"})
    assert opening.status_code == 200
    assert not opening.headers.get_list("set-cookie")
    ticket = hidden(opening.text, "ticket")
    same_site = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}
    opened = await client.post("/lti/ouvrir", data={"ticket": ticket}, headers=same_site)
    assert opened.status_code == 303
    assert "Avant de commencer" in (await client.get(opened.headers["location"])).text
    again = await client.post("/lti/ouvrir", data={"ticket": ticket}, headers=same_site)
    assert told(again) == "replayed"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_platform_that_gives_nothing_back_leads_to_a_window_of_its_own(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    page = await client.get(known.login_url() + "&lti_storage_target=_parent")
    form = known.launch(attribute(page.text, "data-address"))
    client.cookies.clear()
    reply = await client.post("/lti/launch", data={**form, "binding": "none"}, headers=from_platform(known))
    assert 'target="_blank"' in reply.text


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_the_pages_speak_the_language_of_the_platform(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    reply = await launch(client, known, claims={CLAIM + "launch_presentation": {"locale": "en-GB"}})
    assert client.cookies["lang"] == "en"
    assert "Before you start" in (await client.get(reply.headers["location"])).text


async def test_a_finished_practice_can_be_taken_again(
    client: httpx2.AsyncClient, known: LearningPlatform, application: FastAPI, clock: Clock
) -> None:
    practice = {"custom": {"design": "practice"}}
    first = (await launch(client, known, **practice)).headers["location"]
    await client.post(f"{first}/commencer")
    await client.post(f"{first}/terminer")
    clock.advance(60)
    page = await launch(client, known, **practice)
    assert page.status_code == 200
    assert f"{first}/resultat" in page.text
    again = await client.post("/lti/recommencer", data={"ticket": hidden(page.text, "ticket")})
    assert again.status_code == 303
    assert again.headers["location"] != first
    assert "Avant de commencer" in (await client.get(again.headers["location"])).text
    twice = await client.post("/lti/recommencer", data={"ticket": hidden(page.text, "ticket")})
    assert twice.headers["location"] == again.headers["location"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_tickets_are_good_for_their_page_and_their_time(
    client: httpx2.AsyncClient, known: LearningPlatform, clock: Clock
) -> None:
    page = await launch(client, known, role=TEACHER)
    ticket = hidden(page.text, "ticket")
    for address in ("/lti/ouvrir", "/lti/recommencer", "/lti/choisir"):
        body = {"ticket": ticket, "design": "certification"}
        assert told(await client.post(address, data=body)) == "state"
    assert (await client.post("/lti/suivi", data={"ticket": ticket})).status_code == 200
    clock.advance(timedelta(hours=2).total_seconds())
    assert told(await client.post("/lti/suivi", data={"ticket": ticket})) == "state"


def told(reply: httpx2.Response) -> str:
    """The reason on a page that refuses."""
    assert reply.status_code == 403, (reply.status_code, reply.text[:500])
    assert "Traceback" not in reply.text
    return reply.text.split("Motif")[1].split('<span class="num">')[1].split("<")[0]


def claims_of(token: str) -> dict[str, object]:
    """The claims of a token, unverified."""
    body = token.split(".")[1]
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def encoded(part: dict[str, object]) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def signed_as(header: dict[str, object], body: str, key: RSAKey) -> str:
    """A signature that holds, under any header."""
    private = load_pem_private_key(key.as_pem(private=True), None)
    assert isinstance(private, RSAPrivateKey)
    text = f"{encoded(header)}.{body}"
    signature = private.sign(text.encode(), PKCS1v15(), SHA256())
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def ancestors(reply: httpx2.Response) -> list[str]:
    """Who may frame a page."""
    policy = reply.headers["content-security-policy"]
    found: str = next(rule for rule in policy.split("; ") if rule.startswith("frame-ancestors "))
    return found.split()[1:]


def attribute(html: str, name: str) -> str:
    """An attribute of the page's script data."""
    start = html.index(f'{name}="') + len(name) + 2
    return html[start : html.index('"', start)].replace("&amp;", "&")


def count(platform: LearningPlatform, path: str) -> int:
    """How often an address of the platform was called."""
    return sum(called == path for _, called, _ in platform.calls)
