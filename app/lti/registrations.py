"""The rules of registrations: which platforms an institution trusts, and how a platform comes to be known."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.auth.credentials import hashed, new_secret
from app.db import Database
from app.errors import Conflict, InvalidInput, NotFound
from app.identifiers import new_id
from app.institutions import service as institutions
from app.lti import store
from app.lti.claims import (
    DEEP_LINKING_REQUEST,
    PLATFORM_CONFIGURATION,
    RESOURCE_LINK_REQUEST,
    SCOPES,
    TOOL_CONFIGURATION,
    origin_of,
)
from app.lti.errors import LtiRefused
from app.lti.platforms import PlatformError, Platforms
from app.lti.tables import LtiPlatform, LtiRegistrationLink
from app.lti.tokens import ALGORITHM
from app.secrets import Sealer
from app.webhooks import addresses
from app.webhooks.addresses import Reach, Refused

LINK_LASTS = timedelta(days=7)
MOST_PLATFORMS = 50

# Hosted Canvas speaks for every school under one issuer, from the schools' own hosts.
SHARED_ISSUERS: Final[Mapping[str, tuple[str, ...]]] = dict.fromkeys(
    ("canvas.instructure.com", "canvas.beta.instructure.com", "canvas.test.instructure.com"),
    (".instructure.com", ".canvaslms.com"),
)


@dataclass(frozen=True)
class PlatformFacts:
    """What must be known of a platform, typed in or read from its configuration."""

    name: str
    issuer: str
    client_id: str
    authorization_url: str
    token_url: str
    jwks_url: str
    token_audience: str | None = None
    deployments: Sequence[str] = ()
    frame_origins: Sequence[str] = ()
    shows_names: bool = False


@dataclass(frozen=True)
class ToolAddresses:
    """Where platforms find this installation."""

    public_url: str

    @property
    def login(self) -> str:
        """Login initiation."""
        return f"{self.public_url}/lti/login"

    @property
    def launch(self) -> str:
        """Redirection and target link address."""
        return f"{self.public_url}/lti/launch"

    @property
    def jwks(self) -> str:
        """The public keys."""
        return f"{self.public_url}/lti/jwks.json"

    def registration(self, secret: str) -> str:
        """Where a dynamic registration begins."""
        return f"{self.public_url}/lti/register/{secret}"


@dataclass(frozen=True)
class Offer:
    """A platform that asks to be registered, before anybody agreed."""

    institution: str
    issuer: str
    product: str
    configuration: Mapping[str, Any]


async def create_link(
    db: AsyncSession, institution_id: UUID, *, actor: str, now: datetime
) -> tuple[LtiRegistrationLink, str]:
    """Make a link good for one dynamic registration; its secret is told here and never again."""
    secret = new_secret("ltr")
    made = LtiRegistrationLink(
        id=new_id(),
        institution_id=institution_id,
        secret_hash=hashed(secret),
        created_by=actor,
        created_at=now,
        expires_at=now + LINK_LASTS,
    )
    db.add(made)
    await db.flush()
    await audit.record(
        db, actor=actor, act="lti.registration_link", subject=str(institution_id), facts={}, now=now
    )
    return made, secret


async def offer(
    database: Database, platforms: Platforms, secret: str, url: str, token: str | None, now: datetime
) -> Offer:
    """Read what a platform says of itself; changes nothing.

    Raises
    ------
    LtiRefused
        `link`: unknown, used or expired. `configuration`: unreadable or contradictory.
    """
    async with database.reading() as db:
        found = await store.registration_link(db, hashed(secret))
        if found is None or found.used_at is not None or now >= found.expires_at:
            raise LtiRefused("link", "the registration link is unknown, used or expired")
        institution = await institutions.require(db, found.institution_id)
    try:
        configuration = await platforms.configuration(url, token)
    except PlatformError as error:
        raise LtiRefused("configuration", str(error)) from None
    _check_configuration(configuration, url, platforms.reach)
    about = configuration.get(PLATFORM_CONFIGURATION)
    product = about.get("product_family_code") if isinstance(about, dict) else None
    return Offer(
        institution=institution.name,
        issuer=configuration["issuer"],
        product=product[:60] if isinstance(product, str) else "",
        configuration=configuration,
    )


async def register(
    database: Database,
    sealer: Sealer,
    platforms: Platforms,
    tool: ToolAddresses,
    secret: str,
    url: str,
    token: str | None,
    now: datetime,
) -> tuple[LtiPlatform, str]:
    """Register with a platform that asks for it, and trust it from now on; also the institution's name.

    The link is used up first and given back when the platform refuses, so that two requests cannot share it.

    Raises
    ------
    LtiRefused
        As `offer`; `registration`: the platform refused, or is registered already.
    """
    asked = await offer(database, platforms, secret, url, token, now)
    async with database.transaction() as db:
        link = await store.registration_link(db, hashed(secret))
        if link is None or link.used_at is not None:
            raise LtiRefused("link", "the registration link is used")
        link.used_at = now
        institution_id = link.institution_id
    try:
        made = await platforms.register(
            asked.configuration["registration_endpoint"], token, registration(tool)
        )
        facts = _registered(asked, made)
        async with database.transaction(tenant=institution_id) as db:
            platform = await create(
                db, sealer, institution_id, facts, platforms.reach, actor="dynamic registration", now=now
            )
        return platform, asked.institution
    except (PlatformError, Conflict, InvalidInput) as error:
        async with database.transaction() as db:
            again = await store.registration_link(db, hashed(secret))
            if again is not None:
                again.used_at = None
        raise LtiRefused("registration", str(error)) from None


def registration(tool: ToolAddresses) -> dict[str, Any]:
    """What this tool says of itself (Dynamic Registration 1.0, 3.6): no claim of a name or an address is asked for."""
    host = urlsplit(tool.public_url).netloc
    return {
        "application_type": "web",
        "client_name": "Palier",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": tool.login,
        "redirect_uris": [tool.launch],
        "jwks_uri": tool.jwks,
        "token_endpoint_auth_method": "private_key_jwt",
        "id_token_signed_response_alg": ALGORITHM,
        "scope": " ".join(SCOPES),
        TOOL_CONFIGURATION: {
            "domain": host,
            "description": "Adaptive tests of digital-health skills",
            "description#fr": "Tests adaptatifs de compétences numériques en santé",
            "target_link_uri": tool.launch,
            "claims": ["iss", "sub"],
            "messages": [
                {"type": RESOURCE_LINK_REQUEST, "target_link_uri": tool.launch, "label": "Palier"},
                {
                    "type": DEEP_LINKING_REQUEST,
                    "target_link_uri": tool.launch,
                    "label": "Choose a Palier test",
                    "label#fr": "Choisir un test Palier",
                },
            ],
        },
    }


async def create(
    db: AsyncSession,
    sealer: Sealer,
    institution_id: UUID,
    facts: PlatformFacts,
    reach: Reach,
    *,
    actor: str,
    now: datetime,
) -> LtiPlatform:
    """Trust a platform.

    Raises
    ------
    InvalidInput
        An address that may not be called.
    Conflict
        The client of this issuer is registered, here or elsewhere; or there are too many.
    """
    _check_facts(facts, reach)
    if len(await store.platforms_of(db, institution_id, None, MOST_PLATFORMS)) >= MOST_PLATFORMS:
        raise Conflict(f"An institution has at most {MOST_PLATFORMS} platforms.")
    sealed = await store.sealed_pseudonym_key(db, institution_id, facts.issuer)
    made = LtiPlatform(
        id=new_id(),
        institution_id=institution_id,
        name=facts.name,
        issuer=facts.issuer,
        client_id=facts.client_id,
        authorization_url=facts.authorization_url,
        token_url=facts.token_url,
        jwks_url=facts.jwks_url,
        token_audience=facts.token_audience,
        deployments=list(dict.fromkeys(facts.deployments)),
        frame_origins=list(dict.fromkeys(facts.frame_origins)),
        pseudonym_key_sealed=sealed or sealer.seal(secrets.token_urlsafe(32)),
        shows_names=facts.shows_names,
        enabled=True,
        created_by=actor,
        created_at=now,
    )
    try:
        async with db.begin_nested():
            db.add(made)
    except IntegrityError:
        raise Conflict("A platform with this issuer and client identifier is registered.") from None
    await _noted(db, made, "lti.platform_registered", {"issuer": made.issuer}, actor, now)
    return made


async def owned(
    db: AsyncSession, institution_id: UUID, after: UUID | None, limit: int
) -> Sequence[LtiPlatform]:
    """The institution's platforms, oldest first."""
    return await store.platforms_of(db, institution_id, after, limit)


async def require(db: AsyncSession, institution_id: UUID, platform_id: UUID) -> LtiPlatform:
    """The institution's platform; raises `NotFound`."""
    found = await store.platform(db, institution_id, platform_id)
    if found is None:
        raise NotFound("This platform is unknown.")
    return found


async def change(
    db: AsyncSession,
    found: LtiPlatform,
    given: Mapping[str, Any],
    reach: Reach,
    *,
    actor: str,
    now: datetime,
) -> LtiPlatform:
    """Change what is given. Issuer and client identifier stay: they are who the platform is."""
    facts = PlatformFacts(
        issuer=found.issuer,
        client_id=found.client_id,
        **{
            name: given.get(name, getattr(found, name))
            for name in (
                "name",
                "authorization_url",
                "token_url",
                "jwks_url",
                "token_audience",
                "deployments",
                "frame_origins",
                "shows_names",
            )
        },
    )
    _check_facts(facts, reach)
    for name, value in given.items():
        setattr(found, name, value)
    await db.flush()
    await _noted(db, found, "lti.platform_changed", {"fields": sorted(given)}, actor, now)
    return found


async def remove(db: AsyncSession, found: LtiPlatform, *, actor: str, now: datetime) -> None:
    """Trust a platform no more: its links and the grades that wait are deleted, sittings and results stay."""
    await _noted(db, found, "lti.platform_removed", {"issuer": found.issuer}, actor, now)
    await store.remove_platform(db, found.id)


async def _noted(
    db: AsyncSession, found: LtiPlatform, act: str, facts: dict[str, Any], actor: str, now: datetime
) -> None:
    told = {"institution": str(found.institution_id), "client_id": found.client_id, **facts}
    await audit.record(db, actor=actor, act=act, subject=str(found.id), facts=told, now=now)


def _check_facts(facts: PlatformFacts, reach: Reach) -> None:
    for name in ("issuer", "authorization_url", "token_url", "jwks_url"):
        try:
            addresses.read(getattr(facts, name), reach)
        except Refused as refused:
            raise InvalidInput(
                "This address may not be called.", errors=[{"field": name, "expected": str(refused)}]
            ) from None
    for origin in facts.frame_origins:
        plain_http = origin.startswith("http:") and not reach.loopback
        if origin_of(origin) != origin or plain_http:
            raise InvalidInput(
                "An origin is wrong.",
                errors=[{"field": "frame_origins", "expected": "https://name, without a path"}],
            )


def _check_configuration(configuration: Mapping[str, Any], url: str, reach: Reach) -> None:
    """Raise `LtiRefused` unless the platform speaks for itself and says everything needed."""
    for name in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint"):
        value = configuration.get(name)
        try:
            addresses.read(value if isinstance(value, str) else "", reach)
        except Refused as refused:
            raise LtiRefused("configuration", f"{name}: {refused}") from None
    issuer, asked = urlsplit(configuration["issuer"]).hostname or "", urlsplit(url).hostname or ""
    if issuer != asked and not asked.endswith(SHARED_ISSUERS.get(issuer, ("\x00",))):
        raise LtiRefused(
            "configuration", "the issuer is another host than the one that gave the configuration"
        )
    for name, needed in (
        ("token_endpoint_auth_methods_supported", "private_key_jwt"),
        ("id_token_signing_alg_values_supported", ALGORITHM),
        ("response_types_supported", "id_token"),
    ):
        offered = configuration.get(name)
        if offered is not None and (not isinstance(offered, list) or needed not in offered):
            raise LtiRefused("configuration", f"{name} does not hold {needed}")


def _registered(asked: Offer, made: Mapping[str, Any]) -> PlatformFacts:
    client_id = made.get("client_id")
    if not isinstance(client_id, str) or not 0 < len(client_id) <= 255:
        raise PlatformError("the registration gives no client identifier")
    about = made.get(TOOL_CONFIGURATION)
    deployment = about.get("deployment_id") if isinstance(about, dict) else None
    configuration = asked.configuration
    audience = configuration.get("authorization_server")
    host = urlsplit(asked.issuer).hostname or ""
    return PlatformFacts(
        name=f"{asked.product} ({host})" if asked.product else host,
        issuer=asked.issuer,
        client_id=client_id,
        authorization_url=configuration["authorization_endpoint"],
        token_url=configuration["token_endpoint"],
        jwks_url=configuration["jwks_uri"],
        token_audience=audience if isinstance(audience, str) and 0 < len(audience) <= 500 else None,
        deployments=[deployment] if isinstance(deployment, str) and 0 < len(deployment) <= 255 else [],
    )
