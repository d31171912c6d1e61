"""A browser that follows launch links, in a frame of a host or not; without pages."""

from collections.abc import Mapping
from typing import Any

import httpx2
from fastapi import FastAPI

PALIER = "https://palier.example"
HOST = "https://lms.example.org"


class Visitor:
    """One browser; `framed` by the host, and `keeps` cookies or not."""

    def __init__(self, app: FastAPI, *, framed: bool = False, keeps: bool = True, host: str = HOST) -> None:
        self.framed, self.keeps, self.host = framed, keeps, host
        self._client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=PALIER)
        self.way: list[httpx2.Response] = []

    @property
    def cookies(self) -> Mapping[str, str]:
        """What the browser keeps."""
        return {cookie.name: cookie.value or "" for cookie in self._client.cookies.jar}

    @property
    def headers(self) -> dict[str, str]:
        """What a browser says of a page it asks for."""
        common = {"Accept": "text/html"}
        if self.framed:
            said = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site", "Referer": f"{self.host}/"}
            return common | said
        return common | {"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}

    async def follow(self, address: str) -> httpx2.Response:
        """Where a link leads in the end."""
        self.way = []
        for _ in range(5):
            if not self.keeps:
                self._client.cookies.clear()
            reply = await self._client.get(address, headers=self.headers)
            self.way.append(reply)
            if not reply.is_redirect:
                return reply
            address = reply.headers["location"]
        raise AssertionError([str(reply.url) for reply in self.way])

    async def post(self, address: str, **form: Any) -> httpx2.Response:
        """Send a form of the page that is shown: in a frame too, it comes from the site itself."""
        said = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "iframe" if self.framed else "document"}
        return await self._client.post(address, data=form, headers={"Accept": "text/html", **said})

    async def aclose(self) -> None:
        """Close the browser."""
        await self._client.aclose()


def ancestors(reply: httpx2.Response) -> list[str]:
    """Who may frame a page."""
    policy = reply.headers["content-security-policy"]
    found: str = next(rule for rule in policy.split("; ") if rule.startswith("frame-ancestors "))
    return found.split()[1:]
