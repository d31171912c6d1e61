"""A browser that follows a launch through the service, without pages."""

from typing import Any

import httpx2

from tests.app.lti.platform import LearningPlatform


async def begin(client: httpx2.AsyncClient, platform: LearningPlatform, **login: Any) -> str:
    """Initiate a login as the platform does; the address of its authorization."""
    reply = await client.get(platform.login_url(**login))
    assert reply.status_code == 303, reply.text
    return str(reply.headers["location"])


async def launch(client: httpx2.AsyncClient, platform: LearningPlatform, **message: Any) -> httpx2.Response:
    """Login, authorization and launch, as far as the first page or redirection of the tool."""
    form = platform.launch(await begin(client, platform), **message)
    return await client.post("/lti/launch", data=form, headers=from_platform(platform))


def from_platform(platform: LearningPlatform) -> dict[str, str]:
    """What a browser says of a form that the platform's page posts into a frame."""
    return {"Origin": platform.url, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}


def hidden(html: str, name: str) -> str:
    """The value of a hidden field."""
    marker = f'name="{name}" value="'
    start = html.index(marker) + len(marker)
    return (
        html[start : html.index('"', start)].replace("&#34;", '"').replace("&amp;", "&").replace("&#39;", "'")
    )
