"""Servers to be killed, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.server import ServedDatabase


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[ServedDatabase]:
    """A server on this test's database."""
    folder = tmp_path / "server"
    folder.mkdir()
    with ServedDatabase(database_url, folder) as running:
        yield running
