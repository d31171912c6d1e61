"""A service behind https, and an institution whose pages may frame it."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI

from app.settings import Settings
from tests.app.embedding.visitor import HOST, PALIER
from tests.conftest import Published, settings_for


@pytest.fixture
def settings(database_url: str) -> Settings:
    """As an operator sets it behind https."""
    return settings_for(database_url).model_copy(update={"base_url": PALIER, "secure_cookies": True})


@pytest.fixture
async def client(application: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """The program of the institution."""
    transport = httpx2.ASGITransport(app=application)
    async with httpx2.AsyncClient(transport=transport, base_url=PALIER) as opened:
        yield opened


@pytest.fixture
async def allowed(client: httpx2.AsyncClient, published: Published) -> httpx2.AsyncClient:
    """The same, once the institution has named the host."""
    address = f"/v1/institutions/{published.institution_id}"
    reply = await client.patch(address, json={"frame_ancestors": [HOST]}, headers=published.authorization)
    assert reply.status_code == 200, reply.text
    return client
