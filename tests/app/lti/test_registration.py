"""Registration: by the platform itself over a link good for once, by hand, and the keys of the tool."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from joserfc.jwk import RSAKey
from sqlalchemy import select, text

from app.audit import AuditEntry, first_broken_link
from app.db import Database
from app.delivery.context import Context
from app.lti import keys
from app.lti.tables import LtiToolKey
from tests.app.lti.platform import CLIENT_ID, DEPLOYMENT, LearningPlatform, registered
from tests.app.lti.test_launch import told
from tests.app.lti.visitor import hidden, launch
from tests.conftest import Clock, Published

SAME = {"Sec-Fetch-Site": "same-origin"}


async def link_of(client: httpx2.AsyncClient, published: Published) -> str:
    """A registration link, as a path of the service."""
    reply = await client.post("/v1/lti/registrations", headers=published.authorization)
    assert reply.status_code == 201, reply.text
    return str(urlsplit(reply.json()["url"]).path)


def asked(platform: LearningPlatform, **changes: str) -> dict[str, str]:
    """What a platform adds to the link."""
    return {
        "openid_configuration": f"{platform.url}/.well-known/openid-configuration",
        "registration_token": "registration-token",
        **changes,
    }


async def test_a_platform_registers_by_a_link_and_launches(
    client: httpx2.AsyncClient, platform: LearningPlatform, published: Published, database: Database
) -> None:
    path = await link_of(client, published)
    page = await client.get(path, params=asked(platform))
    assert page.status_code == 200
    assert platform.registered == []  # looking changes nothing
    assert platform.url in page.text
    assert "Établissement de démonstration" in page.text
    body = {name: hidden(page.text, name) for name in ("openid_configuration", "registration_token")}
    done = await client.post(path, data=body, headers=SAME)
    assert done.status_code == 200
    assert "data-lti-close" in done.text
    assert done.headers["cross-origin-opener-policy"] == "unsafe-none"
    (tool,) = platform.registered
    assert tool["redirect_uris"] == ["https://testserver/lti/launch"]
    assert tool["initiate_login_uri"] == "https://testserver/lti/login"
    assert tool["jwks_uri"] == "https://testserver/lti/jwks.json"
    assert tool["token_endpoint_auth_method"] == "private_key_jwt"
    configuration = tool["https://purl.imsglobal.org/spec/lti-tool-configuration"]
    assert configuration["claims"] == ["iss", "sub"]
    assert {message["type"] for message in configuration["messages"]} == {
        "LtiResourceLinkRequest",
        "LtiDeepLinkingRequest",
    }
    (known,) = (await client.get("/v1/lti/platforms", headers=published.authorization)).json()["data"]
    assert (known["issuer"], known["client_id"], known["deployments"]) == (
        platform.url,
        CLIENT_ID,
        [DEPLOYMENT],
    )
    assert (await launch(client, platform)).status_code == 303
    async with database.reading() as db:
        acts = (await db.execute(select(AuditEntry.act).order_by(AuditEntry.number))).scalars().all()
        assert await first_broken_link(db) is None
    assert [act for act in acts if act.startswith("lti.")] == [
        "lti.registration_link",
        "lti.platform_registered",
    ]


async def test_a_registration_link_serves_once_and_for_seven_days(
    client: httpx2.AsyncClient, platform: LearningPlatform, published: Published, clock: Clock
) -> None:
    path = await link_of(client, published)
    assert (await client.post(path, data=asked(platform), headers=SAME)).status_code == 200
    assert told(await client.post(path, data=asked(platform), headers=SAME)) == "link"
    assert told(await client.get(path, params=asked(platform))) == "link"
    other = await link_of(client, published)
    clock.advance(timedelta(days=7).total_seconds())
    assert told(await client.get(other, params=asked(platform))) == "link"
    assert told(await client.get("/lti/register/ltr_" + "x" * 43, params=asked(platform))) == "link"


async def test_a_registration_link_is_not_stored_in_clear_and_cannot_be_guessed(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    secret = (await link_of(client, published)).rpartition("/")[2]
    assert len(secret.removeprefix("ltr_")) * 6 >= 128
    async with database.reading() as db:
        rows = (await db.execute(text("SELECT * FROM lti_registration_link"))).all()
    assert len(rows) == 1
    assert secret not in str(rows)


SPOILT: list[dict[str, Any]] = [
    {"issuer": "https://elsewhere.example"},
    {"issuer": None},
    {"issuer": "http://10.0.0.1/"},
    {"jwks_uri": "http://169.254.169.254/latest"},
    {"token_endpoint": "https://user@lms.example/token"},
    {"authorization_endpoint": "javascript:alert(1)"},
    {"registration_endpoint": "https://localhost.internal/register"},
    {"registration_endpoint": ["https://lms.example/register"]},
    {"token_endpoint_auth_methods_supported": ["client_secret_basic"]},
    {"id_token_signing_alg_values_supported": ["HS256"]},
    {"response_types_supported": "id_token"},
]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_platform_that_contradicts_itself_is_not_registered(
    client: httpx2.AsyncClient, platform: LearningPlatform, published: Published
) -> None:
    path = await link_of(client, published)
    for changes in SPOILT:
        platform.configuration_changes = changes
        assert told(await client.get(path, params=asked(platform))) == "configuration", changes
    assert told(await client.post(path, data=asked(platform), headers=SAME)) == "configuration"
    assert platform.registered == []
    platform.configuration_changes = {}
    assert (await client.post(path, data=asked(platform), headers=SAME)).status_code == 200


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_only_plain_public_addresses_are_asked_for_a_configuration(
    client: httpx2.AsyncClient, platform: LearningPlatform, published: Published
) -> None:
    path = await link_of(client, published)
    for url in (
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "https://10.1.2.3/",
        "https://router.lan/",
        "file:///etc/passwd",
        "https://u@lms.example/",
        "",
    ):
        assert (
            told(await client.get(path, params=asked(platform, openid_configuration=url))) == "configuration"
        )


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_refusal_of_the_platform_leaves_the_link_usable(
    client: httpx2.AsyncClient, platform: LearningPlatform, published: Published
) -> None:
    path = await link_of(client, published)
    wrong = asked(platform, registration_token="stolen")
    assert told(await client.post(path, data=wrong, headers=SAME)) == "registration"
    assert (await client.post(path, data=asked(platform), headers=SAME)).status_code == 200


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_hosted_canvas_may_speak_for_all_its_schools_and_nobody_else_may(
    client: httpx2.AsyncClient, platform: LearningPlatform, published: Published, application: FastAPI
) -> None:
    from app.lti import registrations
    from app.lti.errors import LtiRefused

    context: Context = application.state.context
    reach = application.state.platforms.reach
    school = "https://school.instructure.com/api/lti/security/openid-configuration"
    said = {
        "issuer": "https://canvas.instructure.com",
        "authorization_endpoint": "https://sso.canvaslms.com/api/lti/authorize_redirect",
        "token_endpoint": "https://sso.canvaslms.com/login/oauth2/token",
        "jwks_uri": "https://sso.canvaslms.com/api/lti/security/jwks",
        "registration_endpoint": "https://school.instructure.com/api/lti/registrations",
    }
    registrations._check_configuration(said, school, reach)
    for issuer, url in [
        ("https://canvas.instructure.com", "https://instructure.com.evil.example/x"),
        ("https://canvas.instructure.com", "https://evilinstructure.com/x"),
        ("https://other.example", school),
    ]:
        with pytest.raises(LtiRefused):
            registrations._check_configuration({**said, "issuer": issuer}, url, reach)
    assert context.settings.webhook_loopback


async def test_a_platform_is_registered_read_changed_and_removed_by_hand(
    client: httpx2.AsyncClient, platform: LearningPlatform, published: Published, database: Database
) -> None:
    keyed = {**published.authorization, "Idempotency-Key": "p-1"}
    made = await client.post("/v1/lti/platforms", json=platform.platform_in(), headers=keyed)
    again = await client.post("/v1/lti/platforms", json=platform.platform_in(), headers=keyed)
    assert made.status_code == again.status_code == 201
    assert again.json() == made.json()
    address = f"/v1/lti/platforms/{made.json()['id']}"
    double = await client.post(
        "/v1/lti/platforms", json=platform.platform_in(), headers=published.authorization
    )
    assert double.status_code == 409
    read = await client.get(address, headers=published.authorization)
    assert read.json() == made.json()
    unchanged = await client.get(
        address, headers={**published.authorization, "If-None-Match": read.headers["etag"]}
    )
    assert unchanged.status_code == 304
    body = {
        "deployments": ["1", "2"],
        "frame_origins": ["https://school.example"],
        "token_audience": "https://aud",
    }
    patched = await client.patch(address, json=body, headers=published.authorization)
    assert patched.status_code == 200
    assert {name: patched.json()[name] for name in body} == body
    stale = await client.delete(
        address, headers={**published.authorization, "If-Match": read.headers["etag"]}
    )
    assert stale.status_code == 412
    assert (await client.delete(address, headers=published.authorization)).status_code == 204
    assert (await client.get(address, headers=published.authorization)).status_code == 404
    async with database.reading() as db:
        acts = (await db.execute(select(AuditEntry.act).order_by(AuditEntry.number))).scalars().all()
    assert [act for act in acts if act.startswith("lti.")] == [
        "lti.platform_registered",
        "lti.platform_changed",
        "lti.platform_removed",
    ]


FORBIDDEN: list[tuple[dict[str, Any], str]] = [
    ({"token_url": "http://169.254.169.254/"}, "token_url"),
    ({"jwks_url": "https://u:p@lms.example/"}, "jwks_url"),
    ({"issuer": "lms"}, "issuer"),
    ({"frame_origins": ["https://x.example; script-src *"]}, "frame_origins"),
    ({"frame_origins": ["https://x.example/path"]}, "frame_origins"),
    ({"frame_origins": ["*"]}, "frame_origins"),
    ({"deployments": [""]}, "deployments.0"),
    ({"institution_id": "00000000-0000-0000-0000-000000000000"}, "institution_id"),
    ({"pseudonym_key_sealed": "x"}, "pseudonym_key_sealed"),
]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_what_may_not_be_typed_in_is_refused_by_name(
    client: httpx2.AsyncClient, platform: LearningPlatform, published: Published
) -> None:
    for changes, field in FORBIDDEN:
        body = platform.platform_in(**changes)
        reply = await client.post("/v1/lti/platforms", json=body, headers=published.authorization)
        assert reply.status_code == 422
        assert reply.json()["errors"][0]["field"] == field


async def test_removing_a_platform_keeps_sittings_and_drops_what_waited(
    client: httpx2.AsyncClient, platform: LearningPlatform, published: Published, database: Database
) -> None:
    platform_id = await registered(client, published.authorization, platform.platform_in())
    home = (await launch(client, platform)).headers["location"]
    await client.delete(f"/v1/lti/platforms/{platform_id}", headers=published.authorization)
    assert (await client.get(home)).status_code == 200
    async with database.reading() as db:
        for table in ("lti_link", "lti_participation", "lti_grade"):
            assert (await db.execute(text(f"SELECT count(*) FROM {table}"))).scalar() == 0
        assert (await db.execute(text("SELECT count(*) FROM sitting"))).scalar() == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_the_tool_says_what_a_platform_must_be_told(
    client: httpx2.AsyncClient, published: Published
) -> None:
    reply = await client.get("/v1/lti/tool", headers=published.authorization)
    assert reply.json() == {
        "login_url": "https://testserver/lti/login",
        "launch_url": "https://testserver/lti/launch",
        "jwks_url": "https://testserver/lti/jwks.json",
        "custom_parameters": {"design": "certification"},
    }


async def test_keys_are_published_without_their_private_part_and_stored_sealed(
    client: httpx2.AsyncClient, database: Database
) -> None:
    (key,) = (await client.get("/lti/jwks.json")).json()["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "alg", "use"}
    assert key["kid"] == RSAKey.import_key({name: key[name] for name in ("kty", "n", "e")}).thumbprint()
    assert (await client.get("/lti/jwks.json")).json()["keys"] == [key]
    async with database.reading() as db:
        (stored,) = (await db.execute(select(LtiToolKey))).scalars()
    assert '"d"' not in stored.private_sealed + str(stored.public_key)
    assert stored.private_sealed.startswith("gAAAA")


async def test_a_new_key_is_published_a_day_before_it_signs_and_the_old_one_a_week_after(
    client: httpx2.AsyncClient, application: FastAPI, clock: Clock, database: Database
) -> None:
    context: Context = application.state.context

    async def published_keys() -> list[str]:
        return [key["kid"] for key in (await client.get("/lti/jwks.json")).json()["keys"]]

    async def signing() -> str:
        return (await keys.signing(database, context.sealer, clock())).kid

    (old,) = await published_keys()
    rotated = await keys.rotate(database, context.sealer, clock(), actor="tests")
    new = rotated.kid
    assert set(await published_keys()) == {old, new}
    assert await signing() == old
    clock.advance(timedelta(hours=24).total_seconds())
    assert await signing() == new
    clock.advance(timedelta(days=7).total_seconds())
    assert await published_keys() == [new]
    lost = await keys.rotate(database, context.sealer, clock(), actor="tests", at_once=True)
    assert await published_keys() == [lost.kid]
    assert await signing() == lost.kid
    async with database.reading() as db:
        acts = (await db.execute(select(AuditEntry.act))).scalars().all()
    assert acts.count("lti.keys_rotated") == 2


async def test_institutions_see_their_own_platforms_alone(
    client: httpx2.AsyncClient, platform: LearningPlatform, published: Published, database: Database
) -> None:
    from app.auth import service as auth
    from app.institutions import service as institutions
    from tests.conftest import START

    platform_id = await registered(client, published.authorization, platform.platform_in())
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, "other", "Autre", START)
        secret = await auth.create_api_key(db, other, "tests", START)
    theirs = {"Authorization": f"Bearer {secret}"}
    address = f"/v1/lti/platforms/{platform_id}"
    assert (await client.get("/v1/lti/platforms", headers=theirs)).json()["data"] == []
    assert (await client.get(address, headers=theirs)).status_code == 404
    assert (await client.patch(address, json={"enabled": False}, headers=theirs)).status_code == 404
    assert (await client.delete(address, headers=theirs)).status_code == 404
    taken = await client.post("/v1/lti/platforms", json=platform.platform_in(), headers=theirs)
    assert taken.status_code == 409
