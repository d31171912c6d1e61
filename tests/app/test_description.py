"""The API's description is whole, and its examples are right."""

from typing import Any

import jsonschema_rs
import pytest
from starlette.testclient import TestClient

from app.description import METHODS, PROBLEM, TAGS, example, operations, reply_of, scopes_of
from app.errors import catalogue
from app.main import create_app
from tests.conftest import settings_for

Json = dict[str, Any]


@pytest.fixture(scope="module")
def spec() -> Json:
    """The description."""
    found: Json = create_app(settings_for("sqlite+aiosqlite:///x")).openapi()
    return found


def test_every_operation_says_what_it_is(spec: Json) -> None:
    assert spec["openapi"].startswith("3.1")
    names = [operation["operationId"] for _, _, operation in operations(spec)]
    assert len(names) == len(set(names)) > 60
    for path, method, operation in operations(spec):
        assert operation["summary"].strip(), path
        assert operation["description"].strip(), path
        assert set(operation["tags"]) <= set(TAGS), f"{path}: {operation['tags']}"
        assert any(status.startswith("2") for status in operation["responses"]), path
        if path.startswith("/v1"):
            assert {"401", "403", "429", "503"} <= set(operation["responses"]), f"{method} {path}"
            assert scopes_of(operation), f"{method} {path}"


def test_every_post_of_the_api_may_be_retried(spec: Json) -> None:
    for path, method, operation in operations(spec):
        if path.startswith("/v1") and method == "post":
            names = {parameter["name"] for parameter in operation.get("parameters", ())}
            # These three name the state to be reached: started, finished, so many answers in all. A retry finds it
            # reached, changes nothing and gives the same reply, so that a key would have nothing to remember.
            own = operation["operationId"] in ("startSitting", "finishSitting", "runTestSitting")
            assert "Idempotency-Key" in names or own, path


def test_every_patch_can_be_held_to_the_version_that_was_read(spec: Json) -> None:
    changes = [(path, op) for path, method, op in operations(spec) if method == "patch"]
    assert len(changes) > 6
    for path, operation in changes:
        assert "If-Match" in {parameter["name"] for parameter in operation["parameters"]}, path
        assert "412" in operation["responses"], path


def test_a_reply_that_may_be_304_tells_its_version(spec: Json) -> None:
    versioned = [(path, op) for path, _, op in operations(spec) if "304" in op["responses"]]
    named = {op["operationId"] for _, op in versioned}
    assert {"readWebhook", "readRetention", "readExport", "readLearner", "readCampaign"} <= named
    for path, operation in versioned:
        assert "ETag" in reply_of(spec, operation["responses"]["200"])["headers"], path


def test_every_reply_says_what_it_carries(spec: Json) -> None:
    for path, method, operation in operations(spec):
        for status, told in operation["responses"].items():
            reply = reply_of(spec, told)
            assert reply["description"], f"{method} {path} {status}"
            assert "X-Request-Id" in reply["headers"]
            if status in ("429", "503"):
                assert "Retry-After" in reply["headers"]
            if status >= "400" and path.startswith("/v1"):
                assert set(reply["content"]) == {PROBLEM}, f"{method} {path} {status}"


def examples(spec: Json) -> list[tuple[str, Json, Any]]:
    """Every example of a body, with the schema that it must obey."""
    found = []
    for path, method, operation in operations(spec):
        bodies = [("body", operation.get("requestBody", {}))]
        bodies += [(status, reply_of(spec, told)) for status, told in operation["responses"].items()]
        for what, body in bodies:
            for kind, media in body.get("content", {}).items():
                if kind in ("application/json", PROBLEM, "application/x-www-form-urlencoded"):
                    found.append((f"{method} {path} {what}", media["schema"], media.get("example")))
    return found


def test_every_body_has_an_example_that_is_right(spec: Json) -> None:
    wrong = []
    for name, schema, shown in examples(spec):
        whole = {**schema, "components": spec["components"]}
        if shown is None or not jsonschema_rs.Draft202012Validator(whole).is_valid(shown):
            wrong.append(f"{name}: {shown}")
    assert wrong == []


def test_every_problem_is_listed(spec: Json) -> None:
    assert [kind["type"] for kind in spec["x-problem-types"]] == [f"/problems/{code}" for code in catalogue()]


def test_every_reference_leads_somewhere(spec: Json) -> None:
    waiting: list[Any] = [spec]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            target = part.get("$ref")
            if isinstance(target, str):
                found: Any = spec
                for name in target.removeprefix("#/").split("/"):
                    found = found[name]
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    assert set(spec["paths"]) == {
        path for path, methods in spec["paths"].items() if set(methods) & set(METHODS)
    }


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "examples": ["a"]}, "a"),
        ({"type": "string", "minLength": 8}, "textexxx"),
        ({"type": "string", "format": "date-time"}, "2027-01-11T09:00:00Z"),
        ({"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 3}]}, 3),
        ({"enum": ["x", "y"]}, "x"),
        ({"type": "array", "items": {"type": "boolean"}}, [False]),
        ({"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]}, {"a": 1}),
        ({"$ref": "#/components/schemas/Part"}, "part"),
    ],
    ids=str,
)
def test_an_example_is_made_of_the_examples_of_its_parts(schema: Json, value: Any) -> None:
    assert example(schema, {"Part": {"const": "part"}}) == value


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_page_shows_every_operation(settings: Any, published: Any, spec: Json) -> None:
    with TestClient(create_app(settings)) as client:
        page = client.get("/v1/docs").text
    for path, _, operation in operations(spec):
        assert f'id="{operation["operationId"]}"' in page
        assert f"<code>{path}</code>" in page
    assert "<script>" not in page
    assert "://cdn" not in page
