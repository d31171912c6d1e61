"""One call to an institution's address: resolved, checked, pinned, signed, and cut short."""

import asyncio
import contextlib
import ipaddress
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import httpx
from standardwebhooks import Webhook

from app.webhooks import addresses
from app.webhooks.addresses import Reach, Refused, Target

EXCERPT = 1024
MOST_ADDRESSES = 3

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


@dataclass(frozen=True)
class Answer:
    """What came back: a status and the beginning of a body, or why nothing did."""

    status: int | None
    latency_ms: int
    excerpt: str = ""
    error: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether the receiver has taken the message."""
        return self.status is not None and 200 <= self.status < 300


async def resolve(host: str, port: int) -> Sequence[str]:
    """The machines behind a name, as this machine's resolver says now."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def signed(secrets: Sequence[str], message_id: str, now: datetime, body: str) -> dict[str, str]:
    """The three headers of Standard Webhooks; one signature per secret, so that a rotation loses nothing."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, now, body) for secret in secrets),
    }


class Sender:
    """Makes the calls. No proxy, no redirect, no cookie, no connection kept for another name."""

    def __init__(self, reach: Reach, timeout_seconds: float, resolve: Resolve = resolve) -> None:
        self.reach = reach
        self._timeout = timeout_seconds
        self._resolve = resolve
        self._client: httpx.AsyncClient | None = None

    async def send(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        """POST one message; whatever happens is an `Answer`."""
        self._opened()  # reading the certificates takes long enough to count against the receiver
        began = time.perf_counter()
        status, excerpt, error = None, "", None
        try:
            async with asyncio.timeout(self._timeout):
                target = addresses.read(url, self.reach)
                # the name is asked once and the answer is what is called: a second question could be answered otherwise
                places = addresses.admitted(await self._places(target), self.reach)
                status, excerpt = await self._post(target, places[:MOST_ADDRESSES], headers, body.encode())
        except Refused as refused:
            error = f"refused: {refused}"
        except TimeoutError:
            error = f"no answer within {self._timeout:g} s"
        except socket.gaierror:
            error = "the name could not be resolved"
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as trouble:
            error = f"connection failed ({type(trouble).__name__})"
        return Answer(status, round((time.perf_counter() - began) * 1000), excerpt, error)

    async def _places(self, target: Target) -> Sequence[str]:
        if target.host == "[::1]":
            return ["::1"]
        return await self._resolve(target.host, target.port)

    async def _post(
        self, target: Target, places: Sequence[str], headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str]:
        sent = {
            **headers,
            "Host": target.authority,
            "Content-Type": "application/json",
            "User-Agent": "Palier-Webhooks/1",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        last: httpx.ConnectError | None = None
        for place in places:
            machine = f"[{place}]" if ipaddress.ip_address(place).version == 6 else place
            request = self._opened().build_request(
                "POST",
                f"{target.scheme}://{machine}:{target.port}{target.path}",
                headers=sent,
                content=body,
                # the certificate is asked of the name, not of the number that is called
                extensions={"sni_hostname": target.host},
            )
            try:
                response = await self._opened().send(request, stream=True, follow_redirects=False)
            except httpx.ConnectError as refused:
                last = refused
                continue
            try:
                return response.status_code, await _beginning(response)
            finally:
                await response.aclose()
        raise last or httpx.ConnectError("no address")

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                trust_env=False,
                timeout=self._timeout,
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        return self._client

    async def aclose(self) -> None:
        """Close what is open."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


async def _beginning(response: httpx.Response) -> str:
    """The first kilobyte of a body; the rest is not read."""
    read = bytearray()
    # a status has come: a body that breaks off or never ends takes nothing from it
    with contextlib.suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(2):
            async for chunk in response.aiter_raw():
                read += chunk
                if len(read) >= EXCERPT:
                    break
    return bytes(read[:EXCERPT]).decode("utf-8", errors="replace").replace("\x00", "\ufffd")
