"""What is asked of a platform over HTTP: its keys, a token, line items, scores, the roster, a registration.

The addresses come from outside, so every call goes through the guard of `webhooks.addresses`: a public machine, over
https, whose name is asked once and whose answer is what is called. No redirect, no proxy, no cookie.
"""

import asyncio
import contextlib
import ipaddress
import json
import re
import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import httpx

from app.lti import tokens
from app.lti.claims import LINE_ITEM_SCOPE, ROSTER_SCOPE, SCORE_SCOPE
from app.lti.keys import SigningKey
from app.webhooks import addresses
from app.webhooks.addresses import Reach, Refused
from app.webhooks.sender import Resolve, resolve

TIMEOUT: Final = 8.0
LARGEST: Final = 1_048_576
MOST_ADDRESSES: Final = 3
KEYS_KEPT: Final = timedelta(hours=6)
KEYS_ASKED_AGAIN_AFTER: Final = timedelta(seconds=30)
ASSERTION_LASTS: Final = timedelta(minutes=5)
MOST_PAGES: Final = 100
MOST_MEMBERS: Final = 20_000
NEXT: Final = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCORE: Final = "application/vnd.ims.lis.v1.score+json"
LINE_ITEM: Final = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"
MEMBERS: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
TAG: Final = "palier"


class PlatformError(Exception):
    """A platform did not do what was asked; the message says what happened, without what it sent."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Client:
    """What calls to one registration need."""

    issuer: str
    client_id: str
    token_url: str
    token_audience: str
    key: SigningKey


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: bytes
    links: str

    def json(self) -> Any:
        """The body read as JSON; raises `PlatformError`."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise PlatformError("the answer is not JSON", self.status) from None


@dataclass(frozen=True)
class Member:
    """Somebody of a course, as the platform says now; nothing of it is stored."""

    subject: str
    roles: tuple[str, ...]
    name: str
    active: bool


@dataclass(frozen=True)
class Score:
    """What a line item is told about a learner."""

    subject: str
    activity: str
    grading: str
    points: int | None
    maximum: int
    comment: str
    at: datetime


class Platforms:
    """Calls to platforms, with the keys and tokens that this process remembers."""

    def __init__(self, reach: Reach, resolve: Resolve = resolve) -> None:
        self.reach = reach
        self._resolve = resolve
        self._client: httpx.AsyncClient | None = None
        self._keys: dict[str, tuple[tokens.KeySet, datetime]] = {}
        self._asked: dict[str, datetime] = {}
        self._asking: dict[str, asyncio.Lock] = {}
        self._tokens: dict[tuple[str, str, str], tuple[str, datetime]] = {}

    async def key(self, jwks_url: str, kid: str, now: datetime) -> Mapping[str, Any] | None:
        """A platform's key of this name; the set is asked for again when the name is new, not more than twice a minute.

        Raises
        ------
        PlatformError
            The key set cannot be read.
        """
        held = self._keys.get(jwks_url)
        found = tokens.find_key(held[0], kid) if held and now - held[1] < KEYS_KEPT else None
        if found is not None:
            return found
        async with self._asking.setdefault(jwks_url, asyncio.Lock()):
            asked = self._asked.get(jwks_url)
            if asked is None or abs(now - asked) >= KEYS_ASKED_AGAIN_AFTER:
                self._asked[jwks_url] = now
                self._keys[jwks_url] = await self._key_set(jwks_url), now
            held = self._keys.get(jwks_url)
        if held is None:
            raise PlatformError("the key set could not be read a moment ago")
        return tokens.find_key(held[0], kid)

    async def _key_set(self, url: str) -> tokens.KeySet:
        reply = await self._call("GET", url, {"Accept": "application/json"})
        body = reply.json() if reply.status == 200 else None
        keys = body.get("keys") if isinstance(body, dict) else None
        if not isinstance(keys, list):
            raise PlatformError("there is no key set at that address", reply.status)
        return [key for key in keys if isinstance(key, dict)]

    async def configuration(self, url: str, token: str | None) -> Mapping[str, Any]:
        """A platform's OpenID configuration."""
        headers = {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        reply = await self._call("GET", url, headers)
        body = reply.json() if reply.status == 200 else None
        if not isinstance(body, dict):
            raise PlatformError("there is no configuration at that address", reply.status)
        return body

    async def register(self, url: str, token: str | None, tool: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask a platform to register this tool; what it made of it."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        reply = await self._call("POST", url, headers, json.dumps(tool).encode())
        body = reply.json() if reply.status in (200, 201) else None
        if not isinstance(body, dict):
            raise PlatformError("the platform refused the registration", reply.status)
        return body

    async def send_score(self, client: Client, line_item: str, score: Score, now: datetime) -> None:
        """Tell a line item about a learner (AGS 2.0, 3.4).

        Raises
        ------
        PlatformError
            It was not taken. 409 means that the platform has something newer, and counts as taken.
        """
        body: dict[str, Any] = {
            "userId": score.subject,
            "activityProgress": score.activity,
            "gradingProgress": score.grading,
            "timestamp": score.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        if score.points is not None:
            body |= {"scoreGiven": score.points, "scoreMaximum": score.maximum}
        if score.comment:
            body["comment"] = score.comment
        reply = await self._authorized(
            client, SCORE_SCOPE, "POST", below(line_item, "scores"), now, {"Content-Type": SCORE}, body
        )
        if not (200 <= reply.status < 300 or reply.status == 409):
            raise PlatformError("the score was not taken", reply.status)

    async def line_item(
        self, client: Client, line_items: str, link: str, label: str, maximum: int, now: datetime
    ) -> str:
        """The line item of a resource link, made when there is none."""
        address = with_query(line_items, resource_link_id=link, tag=TAG)
        reply = await self._authorized(client, LINE_ITEM_SCOPE, "GET", address, now, {"Accept": LINE_ITEMS})
        found = reply.json() if reply.status == 200 else None
        if not isinstance(found, list):
            raise PlatformError("the line items could not be read", reply.status)
        for item in found:
            if isinstance(item, dict) and item.get("tag") == TAG and isinstance(item.get("id"), str):
                return str(item["id"])
        made = await self._authorized(
            client,
            LINE_ITEM_SCOPE,
            "POST",
            line_items,
            now,
            {"Content-Type": LINE_ITEM, "Accept": LINE_ITEM},
            {"scoreMaximum": maximum, "label": label, "resourceLinkId": link, "tag": TAG},
        )
        body = made.json() if made.status in (200, 201) else None
        if not isinstance(body, dict) or not isinstance(body.get("id"), str):
            raise PlatformError("the line item was not made", made.status)
        return str(body["id"])

    async def members(self, client: Client, url: str, now: datetime) -> list[Member]:
        """Everybody of a course, page after page (NRPS 2.0)."""
        members: list[Member] = []
        page: str | None = url
        for _ in range(MOST_PAGES):
            if page is None:
                break
            reply = await self._authorized(client, ROSTER_SCOPE, "GET", page, now, {"Accept": MEMBERS})
            body = reply.json() if reply.status == 200 else None
            listed = body.get("members") if isinstance(body, dict) else None
            if not isinstance(listed, list):
                raise PlatformError("the roster could not be read", reply.status)
            members += [member for entry in listed if (member := _member(entry)) is not None]
            following = NEXT.search(reply.links)
            page = urljoin(page, following[1]) if following else None
            if page is not None and urlsplit(page).netloc != urlsplit(url).netloc:
                raise PlatformError("the roster goes on at another host")  # the token is for this one
            if len(members) >= MOST_MEMBERS:
                break
        return members[:MOST_MEMBERS]

    async def _authorized(
        self,
        client: Client,
        scope: str,
        method: str,
        url: str,
        now: datetime,
        headers: Mapping[str, str],
        body: Mapping[str, Any] | None = None,
    ) -> Reply:
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        token = await self._token(client, scope, now)
        reply = await self._call(method, url, {**headers, "Authorization": f"Bearer {token}"}, content)
        if reply.status == 401:  # withdrawn before its time: one more, fresh
            self._tokens.pop((client.token_url, client.client_id, scope), None)
            token = await self._token(client, scope, now)
            reply = await self._call(method, url, {**headers, "Authorization": f"Bearer {token}"}, content)
        return reply

    async def _token(self, client: Client, scope: str, now: datetime) -> str:
        """An access token by client credentials, the client proving itself by a signed assertion (RFC 7523)."""
        name = (client.token_url, client.client_id, scope)
        held = self._tokens.get(name)
        if held is not None and now < held[1]:
            return held[0]
        assertion = tokens.signed(
            {
                "iss": client.client_id,
                "sub": client.client_id,
                "aud": client.token_audience,
                "iat": int((now - tokens.BACKDATED).timestamp()),
                "exp": int((now + ASSERTION_LASTS).timestamp()),
                "jti": secrets.token_urlsafe(24),
            },
            client.key.kid,
            client.key.private,
        )
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
            "scope": scope,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        reply = await self._call("POST", client.token_url, headers, urlencode(form).encode())
        body = reply.json() if reply.status in (200, 201) else None
        token = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise PlatformError("the platform gave no access token", reply.status)
        lasts = body.get("expires_in", 0) if isinstance(body, dict) else 0
        seconds = lasts if isinstance(lasts, int) and 0 < lasts <= 86_400 else 0
        self._tokens[name] = token, now + timedelta(seconds=max(0, seconds - 60))
        return token

    async def _call(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> Reply:
        try:
            async with asyncio.timeout(TIMEOUT):
                target = addresses.read(url, self.reach)
                found = ["::1"] if target.host == "[::1]" else await self._resolve(target.host, target.port)
                places = addresses.admitted(found, self.reach)
                sent = {
                    **headers,
                    "Host": target.authority,
                    "User-Agent": "Palier-LTI/1",
                    "Accept-Encoding": "identity",
                }
                return await self._reach(method, target, places[:MOST_ADDRESSES], sent, content)
        except Refused as refused:
            raise PlatformError(f"the address may not be called: {refused}") from None
        except TimeoutError:
            raise PlatformError(f"no answer within {TIMEOUT:g} s") from None
        except socket.gaierror:
            raise PlatformError("the name could not be resolved") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as trouble:
            raise PlatformError(f"connection failed ({type(trouble).__name__})") from None

    async def _reach(
        self,
        method: str,
        target: addresses.Target,
        places: Sequence[str],
        headers: Mapping[str, str],
        content: bytes | None,
    ) -> Reply:
        last: httpx.ConnectError | None = None
        for place in places:
            machine = f"[{place}]" if ipaddress.ip_address(place).version == 6 else place
            request = self._opened().build_request(
                method,
                f"{target.scheme}://{machine}:{target.port}{target.path}",
                headers=headers,
                content=content,
                # the certificate is asked of the name, not of the number that is called
                extensions={"sni_hostname": target.host},
            )
            try:
                response = await self._opened().send(request, stream=True, follow_redirects=False)
            except httpx.ConnectError as refused:
                last = refused
                continue
            try:
                body = bytearray()
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > LARGEST:
                        raise PlatformError("the answer is too large", response.status_code)
                return Reply(response.status_code, bytes(body), ", ".join(response.headers.get_list("link")))
            finally:
                await response.aclose()
        raise last or httpx.ConnectError("no address")

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                trust_env=False, timeout=TIMEOUT, limits=httpx.Limits(max_keepalive_connections=0)
            )
        return self._client

    async def aclose(self) -> None:
        """Close what is open."""
        if self._client is not None:
            with contextlib.suppress(RuntimeError):
                await self._client.aclose()
            self._client = None


def below(url: str, name: str) -> str:
    """An address one step further down its path, before its query: platforms number their line items in queries too."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))


def with_query(url: str, **more: str) -> str:
    """An address with more in its query."""
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *more.items()])
    return urlunsplit(parts._replace(query=query))


def _member(entry: object) -> Member | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("user_id"), str):
        return None
    given = " ".join(
        part for key in ("given_name", "family_name") if isinstance(part := entry.get(key), str) and part
    )
    name = entry.get("name") if isinstance(entry.get("name"), str) else given
    roles = entry.get("roles", [])
    return Member(
        subject=entry["user_id"],
        roles=tuple(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else (),
        name=str(name or given)[:200],
        active=entry.get("status", "Active") == "Active",
    )
