"""The frame holds: what the Makefile, locks, image, import rules and documents say is true of the tree."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from app.cli import app as palier
from app.settings import Settings
from tests.conftest import ROOT

LOCKS = ("requirements.txt", "requirements-dev.txt")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS: list[dict[str, Any]] = PYPROJECT["tool"]["importlinter"]["contracts"]
PACKAGES = ("app", "irt", "item_bank")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


DOCUMENTS = [path for path in tracked() if path.suffix == ".md"]


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


# Makefile and scripts


def test_every_target_of_the_makefile_explains_itself() -> None:
    rules = re.findall(r"^([a-z-]+):(?!=)(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert len(rules) > 10
    assert [target for target, rest in rules if not re.search(r"## \S", rest)] == []
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [target for target, _ in rules if f"make {target} " not in told] == []


def test_every_script_is_executable_and_parses() -> None:
    scripts = [ROOT / ".ci" / "run", *(path for path in (ROOT / "scripts").iterdir() if path.is_file())]
    for script in scripts:
        assert os.access(script, os.X_OK), script
        subprocess.run(["bash", "-n", script], check=True)


def test_each_allowed_skip_says_why_it_is_allowed() -> None:
    lines = (ROOT / "tests" / "allowed_skips.txt").read_text().splitlines()
    assert [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if line and not line.startswith("#") and not before.startswith("#")
    ] == []


# Locks


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_carries_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    requirements = re.split(r"\n(?=[a-z0-9])", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    assert len(requirements) == len(pins(lock))
    assert [block for block in requirements if "--hash=sha256:" not in block] == []
    assert re.findall(r"--(?:extra-)?index-url|--find-links|https?://|file:", text) == []


def test_tests_run_on_the_versions_that_are_served() -> None:
    served, developed = (pins(lock) for lock in LOCKS)
    assert {name: developed.get(name) for name in served} == served


def test_every_dependency_is_locked() -> None:
    named = [*PYPROJECT["project"]["dependencies"], *PYPROJECT["project"]["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=;~! ]", dependency)[0].lower().replace("_", "-") for dependency in named}
    assert names - set(pins("requirements-dev.txt")) == {"palier"}


# What may not be in the repository

FORBIDDEN = re.compile(
    "|".join(
        (
            r"(?<![\w.}-])/(?:root|work|home/\w+|Users/\w+)/[\w.]",
            r"registry\." + r"npmjs",
            r"\bpypi\." + r"org",
            r"python" + r"hosted\.org",
            r"deb\." + r"debian\.org",
        )
    )
)


def test_no_file_names_a_machine_path_or_a_package_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        for match in [FORBIDDEN.search(path.read_bytes().decode("utf-8", errors="ignore"))]
        if match
    ]
    assert found == []


def test_the_search_for_forbidden_names_would_find_them() -> None:
    for text in ("see /home/" + "someone/notes", "/root/" + ".cache", "https://pypi." + "org/simple"):
        assert FORBIDDEN.search(text)
    assert not FORBIDDEN.search("GET /v1/works/orders, ~/home/x, https://example.org/root/x")


# Directions of import


def modules(container: str) -> set[str]:
    folder = ROOT.joinpath(*container.split("."))
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}
    return files | {path.parent.name for path in folder.glob("*/__init__.py")}


@pytest.mark.parametrize("container", [*PACKAGES, "app.delivery", "app.auth", "app.bank", "app.assessments"])
def test_every_module_stands_on_a_floor(container: str) -> None:
    floors = [
        contract["layers"]
        for contract in CONTRACTS
        if contract["type"] == "layers" and container in contract.get("containers", ())
    ]
    assert len(floors) == 1, "exactly one contract orders this package"
    placed = {name.strip(" ()") for floor in floors[0] for name in floor.split("|")}
    assert modules(container) - placed == set()


def test_every_slice_is_entered_by_its_service() -> None:
    slices = {f"app.{path.parent.name}" for path in (ROOT / "app").glob("*/tables.py")}
    protected = {name for contract in CONTRACTS for name in contract.get("protected_modules", ())}
    assert {f"{name}.{door}" for name in slices for door in ("store", "tables")} - protected == set()


def test_irt_imports_the_standard_library_numpy_and_scipy_only() -> None:
    allowed = sys.stdlib_module_names | {"irt", "numpy", "scipy"}
    compiled = {"fast.py", "fast_estep.py"}  # optional, with the extra `fast`
    found = {
        f"{path.name}: {name}"
        for path in (ROOT / "irt").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if name.split(".")[0] not in allowed
    }
    assert found - {f"{name}: numba" for name in compiled} == set()


# The image

DOCKERFILE = [
    (line.split(maxsplit=1)[0], line.split(maxsplit=1)[1])
    for line in re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text()).splitlines()
    if line and not line.startswith("#")
]


def test_the_image_copies_what_exists_and_is_in_the_build_context() -> None:
    context = (ROOT / ".dockerignore").read_text().splitlines()
    copies = [rest.split()[:-1] for verb, rest in DOCKERFILE if verb == "COPY" and "--from" not in rest]
    sources = {source.removeprefix("./") for copy in copies for source in copy}
    assert {source for source in sources if not (ROOT / source).exists()} == set()
    assert {source for source in sources if f"!{source}" not in context} == set()
    assert set(PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= sources


def test_the_image_runs_as_an_ordinary_user_and_says_when_it_is_well() -> None:
    last = max(index for index, (verb, _) in enumerate(DOCKERFILE) if verb == "FROM")
    final = dict(DOCKERFILE[last:])
    assert final["USER"] == "palier"
    assert final["ENTRYPOINT"] == '["palier"]'
    assert final["CMD"] == '["serve"]'
    probe = json.loads(final["HEALTHCHECK"].split("CMD ", 1)[1])
    assert probe[0] == "python"
    assert "/healthz" in probe[2]
    compile(probe[2], "healthcheck", "exec")


def commands() -> set[str]:
    click = typer.main.get_command(palier)
    return set(click.commands)  # type: ignore[attr-defined]


def test_every_service_of_the_image_runs_a_command_that_exists() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    ours = {name: service for name, service in services.items() if service["image"] == "palier"}
    assert {"migrate", "serve", "work"} <= set(ours)
    assert {service["command"][0] for service in ours.values()} <= commands()
    known = {field.upper() for field in Settings.model_fields}
    assert {name for service in ours.values() for name in service["environment"]} <= known


def test_every_service_waits_for_what_it_needs() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    for service in services.values():
        for name, condition in service.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                assert "test" in services[name]["healthcheck"]
            else:
                assert "restart" not in services[name], "a step that must complete cannot be restarted"


# Documents


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in DOCUMENTS
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text())
        if "://" not in target and not target.startswith("mailto:")
        if not (path.parent / target).exists()
    ]
    assert broken == []


def test_files_named_in_the_documents_exist() -> None:
    named = re.compile(r"`((?:app|irt|item_bank|migrations|tests|docs|scripts|benchmarks)/[\w./-]+\.\w+)")
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in DOCUMENTS
        for name in named.findall(path.read_text())
        if not (ROOT / name).exists()
    }
    assert missing == set()


def test_decisions_are_numbered_without_gaps_and_keep_their_four_parts() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()
    for path in DECISIONS:
        assert f"({path.name})" in index
        headings = re.findall(r"^## (.+)$", path.read_text(), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "Alternatives"], path.name


def test_every_setting_and_command_is_in_the_operators_guide() -> None:
    guide = (ROOT / "docs" / "guides" / "operate.md").read_text()
    assert [name for name in Settings.model_fields if f"`{name.upper()}`" not in guide] == []
    assert [name for name in sorted(commands()) if f"`palier {name}" not in guide] == []


def test_the_accessibility_checker_is_the_version_its_note_names() -> None:
    folder = ROOT / "tests" / "journeys" / "axe"
    found = re.match(r"/\*! axe v(\S+)", (folder / "axe.min.js").read_text(encoding="utf-8"))
    assert found is not None
    assert f"axe-core {found.group(1)} " in (folder / "README.md").read_text()
