"""Every example in the documentation of `irt` runs as written."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import irt

MODULES = sorted(module.name for module in pkgutil.iter_modules(irt.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"irt.{name}")).failed == 0


def test_the_worked_example_of_the_readme_runs() -> None:
    readme = Path(irt.__path__[0]) / "README.md"
    result = doctest.testfile(str(readme), module_relative=False)
    assert result.attempted > 5
    assert result.failed == 0


def test_every_public_name_exists_and_is_documented() -> None:
    for name in irt.__all__:
        assert getattr(irt, name).__doc__, name
