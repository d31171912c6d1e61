"""The rules of launches: who comes from which platform, to which test, and what a teacher sees or chooses.

A launch is a login that Palier asks the platform for (OpenID Connect, third-party initiated): what was asked travels
sealed in `state`, what comes back is checked against it, and both `state` and `nonce` are good for one use.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.assessments.service import Assessments, DesignInUse
from app.auth import service as auth
from app.auth.credentials import hashed
from app.campaigns import service as campaigns
from app.db import Database
from app.delivery import service as delivery
from app.errors import Gone, InvalidInput, NotFound, QuotaReached, RetakeRefused
from app.identifiers import new_id
from app.institutions import learners
from app.lti import claims, grades, keys, store, tickets, tokens
from app.lti.claims import DEEP_LINKING, DEEP_LINKING_RESPONSE, LTI, Launch, origin_of
from app.lti.errors import LtiRefused
from app.lti.grades import MAXIMUM
from app.lti.platforms import TAG, Client, Member, PlatformError, Platforms
from app.lti.registrations import ToolAddresses
from app.lti.tables import LtiGrade, LtiLink, LtiParticipation, LtiPlatform
from app.secrets import Sealer

LOGIN_LASTS = timedelta(minutes=10)
PAGE_LASTS = timedelta(hours=2)
OPENING_LASTS = timedelta(minutes=10)
RESPONSE_LASTS = timedelta(minutes=5)
LONGEST_HINTS = 1500

MOST_CAMPAIGNS = 50
OF_CAMPAIGN = "campaign:"

LOGIN, CHOOSE, FOLLOW, OPEN, AGAIN = "lti.login", "lti.choose", "lti.follow", "lti.open", "lti.again"


@dataclass(frozen=True)
class Service:
    """What the rules need from outside."""

    database: Database
    sealer: Sealer
    platforms: Platforms
    assessments: Assessments
    tool: ToolAddresses


@dataclass(frozen=True)
class Asked:
    """A login initiation as it came."""

    issuer: str
    login_hint: str
    message_hint: str = ""
    client_id: str = ""
    deployment: str = ""
    target: str = ""
    storage: str = ""


@dataclass(frozen=True)
class Login:
    """Where the browser goes, and what it must keep to come back: a cookie, or the platform's own storage."""

    address: str
    cookie: str
    secret: str
    storage: str
    origins: tuple[str, ...]


@dataclass(frozen=True)
class Pending:
    """A login under way, as `state` says."""

    platform_id: UUID
    nonce: str
    secret_hash: str
    storage: str
    asked: Mapping[str, str]

    @property
    def cookie(self) -> str:
        """The name of the cookie that binds it to a browser: one a login, several frames may load at once."""
        return f"lti_{self.nonce[:16]}"


@dataclass(frozen=True)
class Message:
    """A launch that passed every check, and whose nonce is spent."""

    platform_id: UUID
    institution_id: UUID
    platform_name: str
    launch: Launch
    origins: tuple[str, ...]


@dataclass(frozen=True)
class Entered:
    """A sitting that a launch leads to. `again`: it is finished, and may be taken anew."""

    institution_id: UUID
    sitting_id: UUID
    title: str
    again: str | None = None
    resume_code: str | None = None


@dataclass(frozen=True)
class Row:
    """A learner in a teacher's list: a name that the platform gave a moment ago, or a pseudonym."""

    name: str
    pseudonym: str
    activity: Literal["absent", "Initialized", "InProgress", "Completed"]
    grading: str
    points: int | None


@dataclass(frozen=True)
class Progress:
    """What a teacher sees of a link."""

    title: str
    rows: Sequence[Row]
    roster: Literal["read", "unread", "none"]
    provisional: bool


@dataclass(frozen=True)
class Choice:
    """A test that a teacher may link to; `key` names a design, or a campaign of the institution."""

    key: str
    title: str
    purpose: str
    length: int
    minutes: int


@dataclass(frozen=True)
class Target:
    """What a link opens: a design, by itself or as a campaign of the institution runs it."""

    design: DesignInUse
    title: str
    campaign_id: UUID | None = None


@dataclass(frozen=True)
class Chosen:
    """A signed deep linking response and where it goes."""

    return_url: str
    token: str


async def login(service: Service, asked: Asked, now: datetime) -> Login:
    """Answer a login initiation: the address of the platform's authorization, with what it must give back.

    Raises
    ------
    LtiRefused
        `missing`, `unknown_platform`, `several_platforms` or `disabled`.
    """
    if not asked.issuer or not asked.login_hint:
        raise LtiRefused("missing", "iss or login_hint is missing")
    async with service.database.reading() as db:
        known = await store.platforms_by_issuer(db, asked.issuer, asked.client_id or None)
    if not known:
        raise LtiRefused(
            "unknown_platform", "there is no registration with this issuer and client identifier"
        )
    if len(known) > 1:
        raise LtiRefused("several_platforms", "the issuer has several registrations and client_id is missing")
    platform = known[0]
    _require_enabled(platform)
    nonce, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    hints = {"iss": asked.issuer, "login_hint": asked.login_hint, "client_id": platform.client_id}
    if asked.message_hint:
        hints["lti_message_hint"] = asked.message_hint
    storage = asked.storage if len(asked.storage) <= 100 else ""
    facts = {
        "platform": str(platform.id),
        "nonce": nonce,
        "secret": hashed(secret),
        "storage": storage,
        # to begin again in a window of its own, should the browser keep nothing here
        "asked": hints if sum(map(len, hints.values())) <= LONGEST_HINTS else {},
    }
    state = tickets.issue(service.sealer, LOGIN, facts, now, LOGIN_LASTS)
    query = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": platform.client_id,
        "redirect_uri": service.tool.launch,
        "login_hint": asked.login_hint,
        "state": state,
        "nonce": nonce,
    }
    if asked.message_hint:
        query["lti_message_hint"] = asked.message_hint
    parts = urlsplit(platform.authorization_url)
    address = urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(query))))))
    return Login(address, f"lti_{nonce[:16]}", secret, storage, _origins(platform))


async def pending(service: Service, state: str, now: datetime) -> Pending:
    """The login that a message answers; raises `LtiRefused` (`state`)."""
    facts = tickets.read(service.sealer, LOGIN, state, now)
    if facts is None:
        raise LtiRefused("state", "the login is unknown, altered or too old")
    return Pending(UUID(facts["platform"]), facts["nonce"], facts["secret"], facts["storage"], facts["asked"])


async def origins_of(service: Service, platform_id: UUID) -> tuple[str, ...]:
    """Where the pages of a platform's launches may be framed."""
    async with service.database.reading() as db:
        platform = await store.platform_by_id(db, platform_id)
    return _origins(platform) if platform is not None else ()


async def storage_origin(service: Service, platform_id: UUID) -> str:
    """The origin that the platform's own storage answers from: that of its authorization."""
    async with service.database.reading() as db:
        platform = await store.platform_by_id(db, platform_id)
    return (origin_of(platform.authorization_url) if platform is not None else None) or ""


def is_same_browser(waiting: Pending, secret: str) -> bool:
    """Whether this browser began the login."""
    return hmac.compare_digest(hashed(secret), waiting.secret_hash)


async def receive(service: Service, waiting: Pending, state: str, token: str, now: datetime) -> Message:
    """Check a message whole and spend it.

    Raises
    ------
    LtiRefused
        Whatever does not hold; a message that was accepted before is `replayed`.
    """
    async with service.database.reading() as db:
        platform = await store.platform_by_id(db, waiting.platform_id)
    if platform is None:
        raise LtiRefused("unknown_platform", "the platform is registered no more")
    _require_enabled(platform)
    kid = tokens.key_named(token)
    try:
        key = await service.platforms.key(platform.jwks_url, kid, now)
    except PlatformError as error:
        raise LtiRefused("key_set", str(error)) from None
    if key is None:
        raise LtiRefused("signature", "the platform publishes no RS256 key of this name")
    said = tokens.verified(token, key)
    expires = tokens.check(
        said, issuer=platform.issuer, client_id=platform.client_id, nonce=waiting.nonce, now=now
    )
    launch = claims.read(said)
    async with service.database.transaction(tenant=platform.institution_id) as db:
        await _admit_deployment(db, platform.id, launch.deployment, now)
        kept = max(expires + tokens.LEEWAY, now + LOGIN_LASTS)
        fresh = await auth.spend(db, "lti.nonce", f"{platform.id}:{waiting.nonce}", kept, now)
        if not fresh or not await auth.spend(db, "lti.state", state, kept, now):
            raise LtiRefused("replayed", "the message was accepted before")
    return Message(platform.id, platform.institution_id, platform.name, launch, _origins(platform, launch))


async def enter(service: Service, message: Message, holder: str, now: datetime) -> Entered:
    """The sitting of a learner who was launched: theirs if it is open, else a new one.

    A finished one is shown again; when another is allowed, the ticket `again` begins it.

    Raises
    ------
    LtiRefused
        `no_test`: the link names no test that exists. `closed`, `no_retake`, `quota`: no sitting is to be had now.
        `full`: the learner is new, and the institution may have no more.
    """
    custom = message.launch.custom
    async with service.database.transaction(tenant=message.institution_id) as db:
        platform = await store.platform_by_id(db, message.platform_id)
        if platform is None:
            raise LtiRefused("unknown_platform", "the platform is registered no more")
        target = await _target(service, db, platform.institution_id, custom)
        link = await _link(db, platform, message.launch, target, now)
        pseudonym = _pseudonym(service.sealer, platform, message.launch.subject)
        learner_id = await _learner(db, platform.institution_id, pseudonym, now)
        found = await store.participation(db, link.id, learner_id)
        if found is not None:
            status = await delivery.hand_over(db, platform.institution_id, found.sitting_id, holder)
            again = None
            if status == "finished" and await _may_sit_again(
                db, target, platform.institution_id, learner_id, now
            ):
                facts = {"participation": str(found.id)}
                again = tickets.issue(service.sealer, AGAIN, facts, now, PAGE_LASTS)
            return Entered(platform.institution_id, found.sitting_id, target.title, again=again)
        sitting_id, resume_code = await _sit(
            db, target, platform.institution_id, learner_id, custom, holder, now
        )
        participation = LtiParticipation(
            id=new_id(),
            institution_id=platform.institution_id,
            link_id=link.id,
            learner_id=learner_id,
            pseudonym=pseudonym,
            subject_sealed=service.sealer.seal(message.launch.subject),
            sitting_id=sitting_id,
            created_at=now,
        )
        db.add(participation)
        await db.flush()
        await grades.note(db, participation, "Initialized", "NotReady", now)
        return Entered(platform.institution_id, sitting_id, target.title, resume_code=resume_code)


async def sit_again(service: Service, ticket: str, holder: str, now: datetime) -> Entered:
    """A new sitting of a test that is finished and may be taken anew. Raises `LtiRefused` as `enter` does."""
    facts = tickets.read(service.sealer, AGAIN, ticket, now)
    if facts is None:
        raise LtiRefused("state", "the page is too old")
    async with service.database.transaction() as db:
        participation = await db.get(LtiParticipation, UUID(facts["participation"]))
        link = await store.link_by_id(db, participation.link_id) if participation is not None else None
        if participation is None or link is None:
            raise LtiRefused("state", "the link is gone")
        institution_id = participation.institution_id
        target = await _target_of(service, db, link)
        status = await delivery.hand_over(db, institution_id, participation.sitting_id, holder)
        resume_code = None
        if status == "finished" and await _may_sit_again(
            db, target, institution_id, participation.learner_id, now
        ):
            participation.sitting_id, resume_code = await _sit(
                db, target, institution_id, participation.learner_id, {}, holder, now
            )
        return Entered(institution_id, participation.sitting_id, target.title, resume_code=resume_code)


def opening(service: Service, entered: Entered, now: datetime) -> str:
    """A ticket that opens a sitting once in a window of its own, where the browser keeps cookies."""
    facts = {
        "institution": str(entered.institution_id),
        "sitting": str(entered.sitting_id),
        "once": secrets.token_urlsafe(16),
    }
    return tickets.issue(service.sealer, OPEN, facts, now, OPENING_LASTS)


async def open_once(service: Service, ticket: str, holder: str, now: datetime) -> Entered:
    """Open the sitting of a ticket. Raises `LtiRefused` (`state`, `replayed`)."""
    facts = tickets.read(service.sealer, OPEN, ticket, now)
    if facts is None:
        raise LtiRefused("state", "the page is too old")
    institution_id, sitting_id = UUID(facts["institution"]), UUID(facts["sitting"])
    async with service.database.transaction(tenant=institution_id) as db:
        if not await auth.spend(db, "lti.open", facts["once"], now + OPENING_LASTS, now):
            raise LtiRefused("replayed", "this window was opened before")
        await delivery.hand_over(db, institution_id, sitting_id, holder)
    return Entered(institution_id, sitting_id, "")


async def follow(service: Service, message: Message, now: datetime) -> str:
    """A ticket for a teacher's page of a link, made known if nobody came through it yet.

    Raises
    ------
    LtiRefused
        `no_test`: the link names no test that exists.
    """
    async with service.database.transaction(tenant=message.institution_id) as db:
        platform = await store.platform_by_id(db, message.platform_id)
        if platform is None:
            raise LtiRefused("unknown_platform", "the platform is registered no more")
        target = await _target(service, db, platform.institution_id, message.launch.custom)
        link = await _link(db, platform, message.launch, target, now)
        facts = {"link": str(link.id), "origins": message.origins}
    return tickets.issue(service.sealer, FOLLOW, facts, now, PAGE_LASTS)


async def progress(service: Service, ticket: str, now: datetime) -> tuple[Progress, tuple[str, ...]]:
    """What a teacher sees of a link, and where the page may be framed.

    The roster is asked of the platform now and forgotten with the page; when it cannot be read, those who came are
    shown under their pseudonyms.

    Raises
    ------
    LtiRefused
        `state`: the page is too old.
    """
    facts = tickets.read(service.sealer, FOLLOW, ticket, now)
    if facts is None:
        raise LtiRefused("state", "the page is too old")
    async with service.database.reading() as db:
        link = await store.link_by_id(db, UUID(facts["link"]))
        platform = await store.platform_by_id(db, link.platform_id) if link is not None else None
        if link is None or platform is None:
            raise LtiRefused("state", "the link is gone")
        came = await store.participations(db, link.id)
        target = await _target_of(service, db, link)
    members: Sequence[Member] = ()
    roster: Literal["read", "unread", "none"] = "none"
    if link.memberships_url is not None:
        try:
            members = await service.platforms.members(
                await client(service, platform, now), link.memberships_url, now
            )
            roster = "read"
        except PlatformError:
            roster = "unread"
    known = {participation.pseudonym: (participation, grade) for participation, grade in came}
    rows = []
    for member in members:
        if not member.active or not _is_learner(member):
            continue
        pseudonym = _pseudonym(service.sealer, platform, member.subject)
        found = known.pop(pseudonym, None)
        name = member.name if platform.shows_names else ""
        rows.append(_row(name, pseudonym, found[1] if found else None))
    rows += [_row("", pseudonym, grade) for pseudonym, (_, grade) in known.items()]
    return Progress(target.title, rows, roster, target.design.provisional), tuple(facts["origins"])


def choosing(service: Service, message: Message, now: datetime) -> str:
    """A ticket for the page on which a teacher chooses a test.

    Raises
    ------
    LtiRefused
        `role`: a learner cannot choose.
    """
    asked = message.launch.choosing
    if asked is None or message.launch.role != "staff":
        raise LtiRefused("role", "only the staff of a course may choose a test")
    facts = {
        "platform": str(message.platform_id),
        "deployment": message.launch.deployment,
        "return": asked.return_url,
        "data": asked.data,
        "grades": asked.line_items,
        "origins": message.origins,
    }
    return tickets.issue(service.sealer, CHOOSE, facts, now, PAGE_LASTS)


async def choices(service: Service, ticket: str, now: datetime) -> tuple[list[Choice], bool, tuple[str, ...]]:
    """The tests a teacher may choose, whether the platform takes grades, and where the page may be framed.

    Raises
    ------
    LtiRefused
        `state`: the page is too old.
    """
    facts = tickets.read(service.sealer, CHOOSE, ticket, now)
    if facts is None:
        raise LtiRefused("state", "the page is too old")
    async with service.database.reading() as db:
        platform = await store.platform_by_id(db, UUID(facts["platform"]))
        if platform is None:
            raise LtiRefused("unknown_platform", "the platform is registered no more")
        running = await campaigns.listed(db, platform.institution_id, None, MOST_CAMPAIGNS)
    designs = [await service.assessments.current(key) for key in await service.assessments.keys()]
    known = {one.key: one for one in designs}
    offered = [
        _choice(f"{OF_CAMPAIGN}{one.id}", one.name, "campaign", known[one.design_key])
        for one in running
        if one.design_key in known and campaigns.state_of(one, now) != "closed"
    ]
    offered += [
        _choice(one.key, one.title, one.purpose, one)
        for one in sorted(await service.assessments.offered(), key=lambda one: (one.purpose, one.title))
    ]
    return offered, bool(facts["grades"]), tuple(facts["origins"])


async def choose(service: Service, ticket: str, key: str, *, graded: bool, now: datetime) -> Chosen:
    """The signed response that gives a platform the chosen test.

    Raises
    ------
    LtiRefused
        `state`: the page is too old. `no_test`: there is no such test.
    """
    facts = tickets.read(service.sealer, CHOOSE, ticket, now)
    if facts is None:
        raise LtiRefused("state", "the page is too old")
    custom = {"campaign": key.removeprefix(OF_CAMPAIGN)} if key.startswith(OF_CAMPAIGN) else {"design": key}
    async with service.database.reading() as db:
        platform = await store.platform_by_id(db, UUID(facts["platform"]))
        if platform is None:
            raise LtiRefused("unknown_platform", "the platform is registered no more")
        target = await _target(service, db, platform.institution_id, custom)
    item: dict[str, Any] = {
        "type": claims.RESOURCE_LINK,
        "title": target.title,
        "url": service.tool.launch,
        "custom": custom,
    }
    if graded and facts["grades"]:
        item["lineItem"] = {
            "scoreMaximum": MAXIMUM,
            "label": target.title,
            "resourceId": key,
            "tag": TAG,
        }
    said: dict[str, Any] = {
        "iss": platform.client_id,
        "aud": platform.issuer,
        "iat": int((now - tokens.BACKDATED).timestamp()),
        "exp": int((now + RESPONSE_LASTS).timestamp()),
        "nonce": secrets.token_urlsafe(32),
        LTI + "message_type": DEEP_LINKING_RESPONSE,
        LTI + "version": claims.VERSION,
        LTI + "deployment_id": facts["deployment"],
        DEEP_LINKING + "content_items": [item],
    }
    if facts["data"] is not None:
        said[DEEP_LINKING + "data"] = facts["data"]
    signing = await keys.signing(service.database, service.sealer, now)
    return Chosen(facts["return"], tokens.signed(said, signing.kid, signing.private))


async def client(service: Service, platform: LtiPlatform, now: datetime) -> Client:
    """What calls to a platform need."""
    key = await keys.signing(service.database, service.sealer, now)
    return client_of(platform, key)


def client_of(platform: LtiPlatform, key: keys.SigningKey) -> Client:
    """The same, under a key at hand."""
    return Client(
        issuer=platform.issuer,
        client_id=platform.client_id,
        token_url=platform.token_url,
        token_audience=platform.token_audience or platform.token_url,
        key=key,
    )


async def forget_learner(db: AsyncSession, institution_id: UUID, learner_id: UUID) -> None:
    """Delete what ties a learner to a platform, and the grades that wait for it."""
    await store.remove_participations(db, institution_id, learner_id)


def _require_enabled(platform: LtiPlatform) -> None:
    if not platform.enabled:
        raise LtiRefused("disabled", "the registration is disabled")


def _origins(platform: LtiPlatform, launch: Launch | None = None) -> tuple[str, ...]:
    """Where pages may be framed: the platform's own hosts, and the page that a signed message says it comes from."""
    named = [platform.issuer, platform.authorization_url, *platform.frame_origins]
    if launch is not None:
        named += [launch.return_url or "", launch.choosing.return_url if launch.choosing else ""]
    return tuple(dict.fromkeys(origin for url in named if (origin := origin_of(url)) is not None))


async def _admit_deployment(db: AsyncSession, platform_id: UUID, deployment: str, now: datetime) -> None:
    platform = await store.platform_by_id(db, platform_id)
    if platform is None or not deployment:
        raise LtiRefused("deployment", "the message names no deployment")
    if platform.deployments:
        if deployment not in platform.deployments:
            raise LtiRefused("deployment", "the deployment is not one of this registration")
        return
    # a platform that tells it at registration leaves no choice; another one tells it by its first signed message
    platform.deployments = [deployment]
    await audit.record(
        db,
        actor="launch",
        act="lti.deployment_fixed",
        subject=str(platform.id),
        facts={"institution": str(platform.institution_id), "deployment": deployment},
        now=now,
    )


async def _target(
    service: Service, db: AsyncSession, institution_id: UUID, custom: Mapping[str, str]
) -> Target:
    """What the parameters of a link name; raises `LtiRefused` (`no_test`)."""
    named = custom.get("campaign") or custom.get("palier_campaign")
    if named:
        try:
            campaign = await campaigns.require(db, institution_id, UUID(named))
        except (ValueError, NotFound):
            raise LtiRefused("no_test", "the link names a campaign that does not exist") from None
        return Target(await _named(service.assessments, campaign.design_key), campaign.name, campaign.id)
    key = custom.get("design") or custom.get("palier_design")
    if not key:
        raise LtiRefused("no_test", "the link carries no parameter `design` and no `campaign`")
    design = await _named(service.assessments, key)
    referentiel = custom.get("referentiel")
    if referentiel:
        try:
            design = await service.assessments.variant(design, referentiel)
        except InvalidInput:
            raise LtiRefused("no_test", "the test has no variant for that référentiel") from None
    return Target(design, design.title)


async def _target_of(service: Service, db: AsyncSession, link: LtiLink) -> Target:
    """What a link that was launched before opens."""
    custom = {"campaign": str(link.campaign_id)} if link.campaign_id else {"design": link.design_key}
    return await _target(service, db, link.institution_id, custom)


async def _named(assessments: Assessments, key: str) -> DesignInUse:
    try:
        return await assessments.current(key)
    except NotFound:
        raise LtiRefused("no_test", "the link names a test that does not exist") from None


def _choice(key: str, title: str, purpose: str, design: DesignInUse) -> Choice:
    return Choice(key, title, purpose, design.length, design.time_limit_seconds // 60)


async def _may_sit_again(
    db: AsyncSession, target: Target, institution_id: UUID, learner_id: UUID, now: datetime
) -> bool:
    """Practice may be repeated; a campaign says so itself."""
    if target.campaign_id is None:
        return target.design.purpose == "practice"
    campaign = await campaigns.require(db, institution_id, target.campaign_id)
    try:
        campaigns.require_open(campaign, now)
        await campaigns.require_retake(db, campaign, learner_id, now)
    except (Gone, RetakeRefused):
        return False
    return True


async def _sit(
    db: AsyncSession,
    target: Target,
    institution_id: UUID,
    learner_id: UUID,
    custom: Mapping[str, str],
    holder: str,
    now: datetime,
) -> tuple[UUID, str | None]:
    """A sitting for this browser, and the code that finds it again."""
    try:
        if target.campaign_id is not None:
            campaign = await campaigns.require(db, institution_id, target.campaign_id)
            seat = await campaigns.sit(db, campaign, target.design, learner_id, holder=holder, now=now)
            await db.flush()
            return seat.sitting_id, seat.resume_code
        made = await delivery.create(
            db,
            target.design,
            institution_id=institution_id,
            learner_id=learner_id,
            profession=custom.get("profession") or None,
            language=custom.get("language") or None,
            holder=holder,
            now=now,
        )
    except InvalidInput:
        raise LtiRefused("no_test", "the link names a profession or a language that the test lacks") from None
    except Gone as refused:
        raise LtiRefused("closed", refused.detail) from None
    except RetakeRefused as refused:
        raise LtiRefused("no_retake", refused.detail) from None
    except QuotaReached as refused:
        raise LtiRefused("quota", refused.detail) from None
    await db.flush()
    return made.id, made.resume_code


async def _learner(db: AsyncSession, institution_id: UUID, pseudonym: str, now: datetime) -> UUID:
    """Who came, made at first sight: they count in the institution's quota like everybody."""
    try:
        return (await learners.at_first_sight(db, institution_id, pseudonym, now)).id
    except QuotaReached as refused:
        raise LtiRefused("full", refused.detail) from None


async def _link(
    db: AsyncSession, platform: LtiPlatform, launch: Launch, target: Target, now: datetime
) -> LtiLink:
    """The link a message names, with the addresses this message gives: a platform may change them at any launch."""
    found = await store.link(db, platform.id, launch.deployment, launch.resource_link or "")
    if found is None:
        found = LtiLink(
            id=new_id(),
            institution_id=platform.institution_id,
            platform_id=platform.id,
            deployment=launch.deployment,
            resource_link=launch.resource_link or "",
            design_key=target.design.key,
            grade_scopes=[],
            created_at=now,
            launched_at=now,
        )
        db.add(found)
    found.design_key, found.launched_at = target.design.key, now
    found.campaign_id = target.campaign_id
    found.memberships_url = launch.memberships_url or found.memberships_url
    if launch.grades is not None:
        found.line_item_url = launch.grades.line_item or found.line_item_url
        found.line_items_url = launch.grades.line_items or found.line_items_url
        found.grade_scopes = list(launch.grades.scopes)
    await db.flush()
    return found


def _pseudonym(sealer: Sealer, platform: LtiPlatform, subject: str) -> str:
    """`lti:` and 128 bits: the same for one person of one issuer, meaningless without the institution's key."""
    key = sealer.open(platform.pseudonym_key_sealed).encode()
    digest = hmac.new(key, f"{platform.issuer}\n{subject}".encode(), hashlib.sha256).hexdigest()
    return f"lti:{digest[:32]}"


def _is_learner(member: Member) -> bool:
    try:
        return claims.role_of(list(member.roles)) == "learner"
    except LtiRefused:
        return False


def _row(name: str, pseudonym: str, grade: LtiGrade | None) -> Row:
    if grade is None:
        return Row(name, pseudonym, "absent", "", None)
    shown = grade.points if grade.grading == "FullyGraded" else None
    return Row(name, pseudonym, grades.activity_of(grade), grade.grading, shown)
