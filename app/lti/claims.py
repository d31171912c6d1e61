"""The words of LTI 1.3 Advantage, and a launch message read from its claims.

Names come from LTI Core 1.3, Deep Linking 2.0, Assignment and Grade Services 2.0, Names and Role Provisioning
Services 2.0 and Dynamic Registration 1.0 (1EdTech).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from app.lti.errors import LtiRefused

LTI: Final = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING: Final = "https://purl.imsglobal.org/spec/lti-dl/claim/"
GRADES: Final = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
ROSTER: Final = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
PLATFORM_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-tool-configuration"

VERSION: Final = "1.3.0"
RESOURCE_LINK_REQUEST: Final = "LtiResourceLinkRequest"
DEEP_LINKING_REQUEST: Final = "LtiDeepLinkingRequest"
DEEP_LINKING_RESPONSE: Final = "LtiDeepLinkingResponse"
RESOURCE_LINK: Final = "ltiResourceLink"

SCORE_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
LINE_ITEM_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
ROSTER_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SCOPES: Final = (LINE_ITEM_SCOPE, SCORE_SCOPE, ROSTER_SCOPE)

MEMBERSHIP: Final = "http://purl.imsglobal.org/vocab/lis/v2/membership"
INSTITUTION: Final = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
SYSTEM: Final = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
STAFF: Final = frozenset({"Administrator", "ContentDeveloper", "Instructor", "Manager"})
STAFF_OF_INSTITUTION: Final = frozenset({"Administrator", "Faculty", "Instructor", "Staff"})
NEITHER: Final = frozenset({"Mentor", "Officer"})

Role = Literal["learner", "staff"]


@dataclass(frozen=True)
class GradeService:
    """Where scores may be sent, and what the platform allows."""

    line_item: str | None
    line_items: str | None
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class Choosing:
    """What a deep linking request asks for."""

    return_url: str
    data: str | None
    line_items: bool


@dataclass(frozen=True)
class Launch:
    """A message whose signature holds and whose claims are of the right shape."""

    message: str
    subject: str
    deployment: str
    role: Role
    resource_link: str | None
    resource_title: str
    custom: Mapping[str, str]
    grades: GradeService | None
    memberships_url: str | None
    choosing: Choosing | None
    locale: str
    return_url: str | None


def read(claims: Mapping[str, Any]) -> Launch:
    """Read the LTI claims of a message.

    Raises
    ------
    LtiRefused
        `message`: another version or type, or a claim of the wrong shape. `no_user`: an anonymous launch. `role`:
        somebody who neither takes nor follows tests.
    """
    if _text(claims, LTI + "version") != VERSION:
        raise LtiRefused("message", "the version is not 1.3.0")
    message = _text(claims, LTI + "message_type")
    if message not in (RESOURCE_LINK_REQUEST, DEEP_LINKING_REQUEST):
        raise LtiRefused("message", "the message type is neither a resource link nor a deep linking request")
    subject = _text(claims, "sub")
    if not subject:
        raise LtiRefused("no_user", "the message names no user")
    roles = claims.get(LTI + "roles", [])
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise LtiRefused("message", "roles are not a list of texts")
    link = _mapping(claims, LTI + "resource_link")
    link_id = _text(link, "id")
    if message == RESOURCE_LINK_REQUEST and not link_id:
        raise LtiRefused("message", "the message names no resource link")
    presentation = _mapping(claims, LTI + "launch_presentation")
    custom = _mapping(claims, LTI + "custom")
    return Launch(
        message=message,
        subject=subject,
        deployment=_text(claims, LTI + "deployment_id"),
        role=role_of(roles),
        resource_link=link_id or None,
        resource_title=_text(link, "title", longest=None)[:200],
        custom={str(name): value for name, value in custom.items() if isinstance(value, str)},
        grades=_grades(claims),
        memberships_url=_text(_mapping(claims, ROSTER), "context_memberships_url", longest=500) or None,
        choosing=_choosing(claims) if message == DEEP_LINKING_REQUEST else None,
        locale=_text(presentation, "locale", longest=None)[:16],
        return_url=_text(presentation, "return_url", longest=None) or None,
    )


def role_of(roles: list[str]) -> Role:
    """What somebody is in this course; a role in the institution counts when there is none in the course.

    Who has no role is a learner, the one who may do least.

    Raises
    ------
    LtiRefused
        Only roles that neither take nor follow tests.
    """
    # a sub-role is `membership/Instructor#TeachingAssistant`; a bare `Learner` is the old short form
    in_course = set()
    for role in roles:
        if role.startswith(f"{MEMBERSHIP}#"):
            in_course.add(role.partition("#")[2])
        elif role.startswith(f"{MEMBERSHIP}/"):
            in_course.add(role.removeprefix(f"{MEMBERSHIP}/").partition("#")[0])
        elif ":" not in role:
            in_course.add(role.partition("/")[0])
    if in_course & STAFF:
        return "staff"
    if in_course - NEITHER:
        return "learner"
    if in_course:
        raise LtiRefused("role", "the roles neither take nor follow tests")
    elsewhere = {
        role.removeprefix(prefix)
        for prefix in (INSTITUTION, SYSTEM)
        for role in roles
        if role.startswith(prefix)
    }
    return "staff" if elsewhere & STAFF_OF_INSTITUTION else "learner"


def origin_of(url: str) -> str | None:
    """`https://host[:port]` of an address; None when it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if not all(letter.isalnum() or letter in ".-[]:" for letter in host):
        return None
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def _grades(claims: Mapping[str, Any]) -> GradeService | None:
    service = _mapping(claims, GRADES)
    if not service:
        return None
    scopes = service.get("scope", [])
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise LtiRefused("message", "the scopes of the grade service are not a list of texts")
    return GradeService(
        line_item=_text(service, "lineitem", longest=500) or None,
        line_items=_text(service, "lineitems", longest=500) or None,
        scopes=tuple(scope for scope in scopes if scope in SCOPES),
    )


def _choosing(claims: Mapping[str, Any]) -> Choosing:
    settings = _mapping(claims, DEEP_LINKING + "deep_linking_settings")
    return_url = _text(settings, "deep_link_return_url", longest=2000)
    accepted = settings.get("accept_types", [])
    if origin_of(return_url) is None or not isinstance(accepted, list) or RESOURCE_LINK not in accepted:
        raise LtiRefused("message", "the deep linking request takes no resource link, or says not where to")
    data = settings.get("data")
    if data is not None and not isinstance(data, str):
        raise LtiRefused("message", "the data of the deep linking request is not a text")
    return Choosing(return_url, data, settings.get("accept_lineitem", True) is not False)


def _mapping(claims: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = claims.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise LtiRefused("message", f"the claim {name} is not an object")
    return found


def _text(claims: Mapping[str, Any], name: str, longest: int | None = 255) -> str:
    found = claims.get(name)
    if found is None:
        return ""
    if not isinstance(found, str) or (longest is not None and len(found) > longest) or "\x00" in found:
        raise LtiRefused("message", f"the claim {name} is not a text, or too long")
    return found
