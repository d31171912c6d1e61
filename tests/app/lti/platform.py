# mypy: disallow-subclassing-any=False, disable-error-code="import-untyped"
"""A learning platform on loopback, made of `lti1p3platform`: an implementation that is not ours decides what it takes.

What it signs and what it checks is that library's: the login and launch messages, the tool's signature on an
assertion and on a deep linking response, the access token of a service call. This file lends it HTTP and a memory.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
from joserfc.jwk import RSAKey
from lti1p3platform.exceptions import LtiException
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.membership import Context
from lti1p3platform.message_launch import LTIAdvantageMessageLaunchAbstract
from lti1p3platform.oidc_login import OIDCLoginAbstract
from lti1p3platform.registration import Registration
from lti1p3platform.request import Request
from lti1p3platform.score import UpdateScoreStatus
from lti1p3platform.service_connector import AssignmentsGradesService, NamesRoleProvisioningService

TOOL = "https://testserver"
CLIENT_ID = "tool-42"
DEPLOYMENT = "deployment-1"
LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
TEACHER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"


class Asked(Request):
    """A request as the library reads it."""

    def build_metadata(self, request: dict[str, Any]) -> Any:
        return {
            "method": "GET",
            "form_data": {},
            "get_data": {},
            "headers": {},
            "content_type": None,
            "path": "/",
            "json": None,
            **request,
        }


class Configuration(LTI1P3PlatformConfAbstract):
    """The library's own checks over one registration."""

    def init_platform_config(self, **kwargs: Any) -> None:
        self._registration = kwargs["registration"]

    def get_registration_by_params(self, **kwargs: Any) -> Registration:
        assert self._registration is not None
        return self._registration


class Login(OIDCLoginAbstract):
    """Third-party initiated login."""

    def set_lti_message_hint(self, **kwargs: Any) -> None:
        self._lti_message_hint = kwargs["hint"]

    def get_redirect(self, url: str) -> str:
        return url


class Launch(LTIAdvantageMessageLaunchAbstract):
    """A launch, given back as the form that a browser would post."""

    def render_launch_form(self, launch_data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return launch_data


class Gradebook(AssignmentsGradesService):
    """Line items and scores in memory."""

    book: "LearningPlatform"

    def update_score(self, line_item_id: str, score: Any) -> UpdateScoreStatus:
        if self.book.broken:
            self.book.broken -= 1
            return UpdateScoreStatus.NOTAPPLIED
        self.book.scores.append((line_item_id, score))
        return UpdateScoreStatus.SUCCESS

    def find_lineitems(self, *args: Any, **kwargs: Any) -> Any:
        items = [
            item for item in self.book.line_items if item["resourceLinkId"] == kwargs["resource_link_id"]
        ]
        return {"content": items, "has_next": False, "next": None}

    def find_lineitem(self, line_item_id: str) -> Any:
        raise NotImplementedError

    def create_lineitem(self, creation_data: Any) -> Any:
        made = {**creation_data, "id": f"{self.book.url}/lineitems/{len(self.book.line_items) + 7}"}
        self.book.line_items.append(made)
        return made

    def update_lineitem(self, update_data: Any) -> Any:
        raise NotImplementedError

    def delete_lineitem(self, line_item_id: str) -> None:
        raise NotImplementedError

    def get_results(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError


class Course(NamesRoleProvisioningService):
    """The members of a course, two a page."""

    book: "LearningPlatform"

    def get_member_data_page(
        self, page: int = 1, limit: Any = None, role: Any = None, since: Any = None
    ) -> Any:
        shown = self.book.members[2 * (page - 1) : 2 * page]
        return {"content": shown, "has_next": len(self.book.members) > 2 * page, "next": None}

    def get_context_by_id(self) -> Context:
        return Context(id="course-1", label="IFSI", title="Soins infirmiers")


@dataclass
class LearningPlatform:
    """The platform, and everything that reached it."""

    url: str
    private_pem: str
    public_pem: str
    tool: str = TOOL
    scores: list[tuple[str, Any]] = field(default_factory=list)
    line_items: list[dict[str, Any]] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    registered: list[dict[str, Any]] = field(default_factory=list)
    tool_keys: dict[str, Any] = field(default_factory=dict)
    broken: int = 0
    forbids_roster: bool = False
    configuration_changes: dict[str, Any] = field(default_factory=dict)
    published_keys: list[dict[str, Any]] | None = None
    courses: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def registration(self) -> Registration:
        """The tool as the library knows it."""
        made = (
            Registration()
            .set_iss(self.url)
            .set_client_id(CLIENT_ID)
            .set_deployment_id(DEPLOYMENT)
            .set_launch_url(f"{self.tool}/lti/launch")
            .set_deeplink_launch_url(f"{self.tool}/lti/launch")
            .set_oidc_login_url(f"{self.tool}/lti/login")
            .set_platform_private_key(self.private_pem)
            .set_platform_public_key(self.public_pem)
        )
        if self.tool_keys:
            made.set_tool_key_set(self.tool_keys)
        return made

    @property
    def checks(self) -> Configuration:
        """The library's checks."""
        return Configuration(registration=self.registration)

    def platform_in(self, **changes: Any) -> dict[str, Any]:
        """What an institution types in to register this platform."""
        return {
            "name": "Plateforme d'essai",
            "issuer": self.url,
            "client_id": CLIENT_ID,
            "authorization_url": f"{self.url}/auth",
            "token_url": f"{self.url}/token",
            "jwks_url": f"{self.url}/jwks",
            "deployments": [DEPLOYMENT],
            **changes,
        }

    def login_url(self, user: str = "user-1", hint: str = "link-1") -> str:
        """Where a click in a course sends the browser."""
        begun = Login(Asked({}), self.checks)
        begun.set_lti_message_hint(hint=hint)
        url: str = begun.initiate_login(user)
        return url

    def launch(
        self,
        authorization: str,
        *,
        user: str = "user-1",
        role: str | None = LEARNER,
        custom: dict[str, str] | None = None,
        link: str = "link-1",
        grades: bool = True,
        own_line_item: bool = True,
        roster: bool = True,
        choosing: bool = False,
        claims: dict[str, Any] | None = None,
    ) -> dict[str, str]:
        """The form that the platform has the browser post, for the authorization that the tool asked for."""
        asked = dict(parse_qsl(urlsplit(authorization).query))
        message = Launch(Asked({"get_data": asked}), self.checks)
        message.set_user_data(
            user, [role] if role else [], full_name="Ada Lovelace", email_address="ada@example.org"
        )
        message.set_resource_link_claim(link, title="Test de positionnement")
        message.set_launch_context_claim("course-1", context_title="Soins infirmiers")
        message.set_custom_parameters_claim({"design": "certification"} if custom is None else custom)
        if grades:
            message.set_ags(f"{self.url}/lineitems", f"{self.url}/lineitems/1" if own_line_item else None)
        if roster:
            message.set_nrps(f"{self.url}/members")
        if choosing:
            message.set_dl(f"{self.url}/choose?course=1", extra_data="opaque é")
        message.set_extra_claims(claims or {})
        form: dict[str, str] = message.lti_launch()
        assert form.pop("launch_url") == f"{self.tool}/lti/launch"
        return form

    def sign(self, claims: dict[str, Any]) -> str:
        """A message of the platform with any claims, signed as it signs."""
        return str(self.registration.platform_encode_and_sign(claims))

    def chosen(self, token: str) -> list[dict[str, Any]]:
        """The content items of a deep linking response, if the library takes it."""
        return list(self.checks.validate_deeplinking_resp({"JWT": token}))


class _Handler(BaseHTTPRequestHandler):
    platform: LearningPlatform

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        platform = self.platform
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        platform.calls.append((self.command, path, self.headers.get("content-type", "")))
        headers = {"Authorization": self.headers.get("authorization", "")}
        asked = {"method": self.command, "headers": headers, "path": path}
        try:
            if path == "/jwks":
                keys = platform.published_keys
                self._send(200, {"keys": keys if keys is not None else platform.registration.get_jwks()})
            elif path == "/token":
                form = dict(parse_qsl(body))
                self._send(200, platform.checks.get_access_token(form))
            elif path == "/lineitems":
                asked |= {"get_data": dict(parse_qsl(query)), "json": json.loads(body or "null")}
                found = self._gradebook(asked)
                if self.command == "GET":
                    reply = found.handle_resp(found.handle_get_lineitems)
                    self._send(reply.code, (reply.result or {}).get("content", []))
                else:
                    reply = found.handle_resp(found.handle_create_lineitem)
                    self._send(reply.code, reply.result)
            elif path.startswith("/lineitems/") and path.endswith("/scores"):
                found = self._gradebook({**asked, "json": json.loads(body)})
                reply = found.handle_resp(found.handle_update_score, line_item_id=path.split("/")[2])
                self._send(reply.code, reply.result)
            elif path == "/members":
                self._members(asked, query)
            elif path == "/.well-known/openid-configuration":
                self._send(200, self._configuration())
            elif path == "/register":
                self._register(body)
            else:
                self._page(path, query)
        except LtiException as error:
            self._send(401, {"error": str(error)})

    def _gradebook(self, asked: dict[str, Any]) -> Gradebook:
        platform = self.platform
        made = Gradebook(
            Asked(asked), platform.checks, f"{platform.url}/lineitems", f"{platform.url}/lineitems/1"
        )
        made.book = platform
        return made

    def _members(self, asked: dict[str, Any], query: str) -> None:
        platform = self.platform
        if platform.forbids_roster:
            self._send(403, {})
            return
        page = int(dict(parse_qsl(query)).get("page", "1"))
        course = Course(
            Asked({**asked, "get_data": {"page": page}}), platform.checks, f"{platform.url}/members"
        )
        course.book = platform
        reply = course.handle_resp(course.handle_get_members)
        more = 2 * page < len(platform.members)
        link = {"Link": f'<{platform.url}/members?page={page + 1}>; rel="next"'} if more else {}
        self._send(reply.code, reply.result, link)

    def _configuration(self) -> dict[str, Any]:
        url = self.platform.url
        return {
            "issuer": url,
            "authorization_endpoint": f"{url}/auth",
            "token_endpoint": f"{url}/token",
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "jwks_uri": f"{url}/jwks",
            "registration_endpoint": f"{url}/register",
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["id_token"],
            "https://purl.imsglobal.org/spec/lti-platform-configuration": {"product_family_code": "essai"},
            **self.platform.configuration_changes,
        }

    def _register(self, body: str) -> None:
        if self.headers.get("authorization") != "Bearer registration-token":
            self._send(401, {"error": "invalid_token"})
            return
        asked = json.loads(body)
        self.platform.registered.append(asked)
        configuration = {
            **asked["https://purl.imsglobal.org/spec/lti-tool-configuration"],
            "deployment_id": DEPLOYMENT,
        }
        self._send(
            200,
            {
                **asked,
                "client_id": CLIENT_ID,
                "https://purl.imsglobal.org/spec/lti-tool-configuration": configuration,
            },
        )

    def _page(self, path: str, query: str) -> None:
        """The course with the tool in a frame, and the authorization that posts the signed message into it."""
        platform = self.platform
        given = {name: values[0] for name, values in parse_qs(query).items()}
        if path.startswith("/course/"):
            course = platform.courses[path.removeprefix("/course/")]
            html = (
                f'<!doctype html><html lang="fr"><title>Cours</title><h1>Cours</h1><script>{STORAGE}</script>'
                f'<iframe name="tool" title="Test" width="100%" height="900" src="{course["src"]}"></iframe>'
            )
        elif path == "/auth":
            course = platform.courses[given["lti_message_hint"]]
            wanted = {"link": given["lti_message_hint"], **course["launch"]}
            form = platform.launch(f"/auth?{query}", user=given["login_hint"], **wanted)
            fields = "".join(
                f'<input type="hidden" name="{name}" value="{value}">' for name, value in form.items()
            )
            html = (
                f'<!doctype html><html lang="fr"><title>Un instant</title><form method="post" '
                f'action="{platform.tool}/lti/launch">{fields}<button>Suite</button></form><script>document.forms[0].submit()</script>'
            )
        else:
            self._send(404, {})
            return
        raw = html.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


# What a platform's page does with LTI postMessage storage.
STORAGE = """
const kept = {};
addEventListener("message", (event) => {
  const { subject, message_id, key, value } = event.data || {};
  if (subject === "lti.put_data") kept[key] = value;
  else if (subject !== "lti.get_data") return;
  event.source.postMessage({ subject: subject + ".response", message_id, key, value: kept[key] }, event.origin);
});
"""


@contextmanager
def running_platform(key: RSAKey, host: str = "127.0.0.1") -> Iterator[LearningPlatform]:
    """A platform that listens on loopback, under either of its names."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    platform = LearningPlatform(
        url=f"http://{host}:{server.server_port}",
        private_pem=key.as_pem(private=True).decode(),
        public_pem=key.as_pem(private=False).decode(),
    )
    server.RequestHandlerClass = type("Handler", (_Handler,), {"platform": platform})
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def registered(client: httpx2.AsyncClient, authorization: dict[str, str], body: dict[str, Any]) -> str:
    """Register a platform through the API; its identifier."""
    reply = await client.post("/v1/lti/platforms", json=body, headers=authorization)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])
