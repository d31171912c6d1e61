"""The API's description (OpenAPI 3.1), completed: what every reply carries, an example of every body, tags in words.

Routes declare what is theirs; what is the same everywhere is added here, once.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi import FastAPI

from app.errors import catalogue

Json = dict[str, Any]

METHODS: Final = ("get", "post", "put", "patch", "delete")
PROBLEM: Final = "application/problem+json"
SAMPLE_ID: Final = "019a1f0e-7d3c-7a51-b0a4-d5f6c7e8f901"
SAMPLE_MOMENT: Final = "2027-01-11T09:00:00Z"

TAGS: Final[Mapping[str, str]] = {
    "sittings": "One learner's run of one test design: create it, answer it, read its result.",
    "results": "Published results, statistics of campaigns and cohorts.",
    "exports": "Results and responses as files, made apart and streamed.",
    "learners": "Who sits tests, under your own pseudonyms.",
    "campaigns": "A design assigned to a cohort, with its dates, join codes and retake rules.",
    "institutions": "Your institution: name, look, who may frame its pages.",
    "members": "Who works for your institution, in which role, and who is invited.",
    "webhooks": "Where your events go, and what became of them.",
    "keys": "API keys and OAuth 2 clients.",
    "oauth": "Access tokens by client credentials (RFC 6749, 7009, 7523, 7662, 8414).",
    "embedding": "Signed launch links, and pages in a frame of yours.",
    "lti": "LTI 1.3 Advantage: the platforms your institution has linked.",
    "privacy": "Retention, export and erasure.",
    "test mode": "What only test keys may do: deterministic learners and travel in time.",
}

HEADERS: Final[Mapping[str, Json]] = {
    "X-Request-Id": {
        "description": "names this request in our logs; yours is kept when you send one",
        "schema": {"type": "string", "examples": [SAMPLE_ID]},
    },
    "RateLimit-Policy": {
        "description": "calls allowed (`q`) in a window of seconds (`w`), under this key or client",
        "schema": {"type": "string", "examples": ['"default";q=1200;w=60']},
    },
    "RateLimit": {
        "description": "calls left (`r`) until the window ends in `t` seconds",
        "schema": {"type": "string", "examples": ['"default";r=1187;t=42']},
    },
    "Retry-After": {
        "description": "seconds after which the same request may be sent again",
        "schema": {"type": "integer", "examples": [2]},
    },
    "WWW-Authenticate": {
        "description": "how to authenticate",
        "schema": {"type": "string", "examples": ["Bearer"]},
    },
    "Idempotency-Replayed": {
        "description": "`true` when this is the stored reply to an earlier request of the same key",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Link": {
        "description": 'the next page: `<...>; rel="next"`',
        "schema": {"type": "string", "examples": ['</v1/sittings?starting_after=WyIw>; rel="next"']},
    },
    "ETag": {
        "description": "the version of what is shown, for `If-None-Match` and `If-Match`",
        "schema": {"type": "string", "examples": ['"5d41402abc4b2a76b9719d911017c592"']},
    },
}

CLIENT_BASIC: Final[Json] = {
    "type": "http",
    "scheme": "basic",
    "description": "an OAuth 2 client's id and secret (`client_secret_basic`)",
}


def describe(app: FastAPI) -> Json:
    """The whole description, made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _completed(FastAPI.openapi(app))
    return app.openapi_schema


def _completed(spec: Json) -> Json:
    components = spec["components"]
    schemas: Json = components["schemas"]
    components["headers"] = dict(HEADERS)
    components["securitySchemes"]["clientBasic"] = CLIENT_BASIC
    used: dict[str, None] = {}
    for path, method, operation in operations(spec):
        used |= dict.fromkeys(operation.get("tags", ()))
        operation["summary"] = _summary(operation)
        _complete_parameters(operation)
        _complete_body(operation, schemas)
        _complete_replies(path, method, operation, schemas)
        operation["responses"] = dict(sorted(operation["responses"].items()))
    _share_refusals(spec)
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    spec["tags"] = [{"name": tag, "description": TAGS.get(tag, tag.capitalize())} for tag in used]
    spec["x-problem-types"] = [
        {"type": f"/problems/{code}", "status": kind.status, "title": kind.title}
        for code, kind in catalogue().items()
    ]
    return _plainly_named(spec)


def _share_refusals(spec: Json) -> None:
    """Refusals that are the same everywhere stand once, in the components."""
    shared: Json = spec["components"].setdefault("responses", {})
    for _, _, operation in operations(spec):
        for status, reply in operation["responses"].items():
            if set(reply.get("content", {})) == {PROBLEM}:
                name = f"Problem{status}"
                if shared.setdefault(name, reply) == reply:
                    operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}


def _plainly_named(spec: Json) -> Json:
    """Two rooms may have a form of the same name: it is told by the room, not by the module."""
    text = json.dumps(spec)
    for long in {name for name in spec["components"]["schemas"] if "__" in name}:
        room, form = long.split("__")[1], long.rsplit("__", 1)[1]
        text = text.replace(long, room.capitalize() + form)
    named: Json = json.loads(text)
    for name, schema in named["components"]["schemas"].items():
        schema["title"] = name
    return named


def reply_of(spec: Mapping[str, Any], reply: Json) -> Json:
    """A reply, wherever it stands."""
    name = reply.get("$ref", "").rsplit("/", 1)[-1]
    found: Json = spec["components"]["responses"][name] if name else reply
    return found


def operations(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, Json]]:
    """Every operation, with its path and method."""
    for path, methods in spec["paths"].items():
        for method in METHODS:
            if method in methods:
                yield path, method, methods[method]


def scopes_of(operation: Mapping[str, Any]) -> tuple[str, ...]:
    """The scopes that a call needs, from its security."""
    asked = (way["oauth2"] for way in operation.get("security", ()) if "oauth2" in way)
    return tuple(dict.fromkeys(scope for scopes in asked for scope in scopes))


def _summary(operation: Mapping[str, Any]) -> str:
    """What the route says of itself in a line, else what its identifier says: `createSitting`, "Create sitting"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", operation["operationId"]).lower()
    said: str = operation.get("summary", "")
    # the framework writes capitals everywhere when it makes a summary of a function's name
    return said if " " in said and not said.istitle() else words[:1].upper() + words[1:]


def _complete_parameters(operation: Json) -> None:
    for parameter in operation.get("parameters", ()):
        if "example" not in parameter and "examples" not in parameter:
            schema = parameter["schema"]
            if parameter["in"] == "path":
                parameter["example"] = SAMPLE_ID if schema.get("format") == "uuid" else example(schema, {})


def _complete_body(operation: Json, schemas: Mapping[str, Any]) -> None:
    for media in operation.get("requestBody", {}).get("content", {}).values():
        if "example" not in media and "examples" not in media:
            media["example"] = example(media.get("schema", {}), schemas)


def _complete_replies(path: str, method: str, operation: Json, schemas: Mapping[str, Any]) -> None:
    replies: Json = operation["responses"]
    refused = replies.get("422", {}).get("content", {}).get("application/json", {})
    if "HTTPValidationError" in str(refused.get("schema", "")):
        del replies["422"]
        if any(parameter["in"] != "path" for parameter in operation.get("parameters", ())):
            replies["422"] = _problem("A field is wrong; `errors` names it")
    for status, reply in replies.items():
        if PROBLEM in reply.get("content", {}):
            reply["content"].pop("application/json", None)  # added by the framework, for the model
        for kind, media in reply.get("content", {}).items():
            if kind == PROBLEM:
                media.setdefault("example", _problem_example(int(status)))
            elif "example" not in media and "examples" not in media and "schema" in media:
                media["example"] = example(media["schema"], schemas)
        names = ["X-Request-Id"]
        if path.startswith("/v1") and status != "401":
            names += ["RateLimit-Policy", "RateLimit"]
        names += {"401": ["WWW-Authenticate"], "429": ["Retry-After"], "503": ["Retry-After"]}.get(status, [])
        body = reply.get("content", {}).get("application/json", {}).get("example")
        if method == "post" and status.startswith("2") and path.startswith("/v1"):
            names.append("Idempotency-Replayed")
        if isinstance(body, dict) and set(body) == {"data", "next"}:
            names.append("Link")
        if "304" in replies and status in ("200", "304"):
            names.append("ETag")
        reply["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names} | reply.get(
            "headers", {}
        )


def _problem(words: str) -> Json:
    return {
        "description": words,
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
    }


def _problem_example(status: int) -> Json:
    found = [kind for kind in catalogue().values() if kind.status == status]
    kind = next((kind for kind in found if "status" in vars(kind)), found[0])
    shown: Json = {
        "type": f"/problems/{kind.code}",
        "title": kind.title,
        "status": status,
        "code": kind.code,
        "detail": (kind.__doc__ or "").split("\n")[0],
        "instance": "/v1/sittings",
    }
    if status == 422:
        shown["errors"] = [{"field": "limit", "expected": "Input should be greater than or equal to 1"}]
    return shown


def example(schema: Any, schemas: Mapping[str, Any], depth: int = 0) -> Any:
    """A value of a schema, made of the examples of its parts."""
    if not isinstance(schema, dict) or depth > 12:
        return None
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas, depth + 1)
    if "examples" in schema:
        return schema["examples"][0]
    for name in ("example", "const", "default"):
        if name in schema and schema[name] is not None:
            return schema[name]
    if "enum" in schema:
        return schema["enum"][0]
    for name in ("anyOf", "oneOf", "allOf"):
        if name in schema:
            kinds = [kind for kind in schema[name] if kind.get("type") != "null"]
            return example(kinds[0], schemas, depth + 1) if kinds else None
    match schema.get("type"):
        case "object":
            return {
                name: example(part, schemas, depth + 1)
                for name, part in schema.get("properties", {}).items()
                if name in schema.get("required", ()) or _is_told(part, schemas)
            }
        case "array":
            if "prefixItems" in schema:
                return [example(part, schemas, depth + 1) for part in schema["prefixItems"]]
            return [example(schema.get("items", {}), schemas, depth + 1)]
        case "integer":
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        case "number":
            return schema.get("minimum", 0.5)
        case "boolean":
            return False
        case "string":
            return _text(schema)
    return None


def _is_told(part: Mapping[str, Any], schemas: Mapping[str, Any]) -> bool:
    """Whether an optional field has something to show."""
    if "$ref" in part:
        return False
    return bool(part.get("examples")) or any(_is_told(kind, schemas) for kind in part.get("anyOf", ()))


def _text(schema: Mapping[str, Any]) -> str:
    match schema.get("format"):
        case "uuid":
            return SAMPLE_ID
        case "date-time":
            return SAMPLE_MOMENT
        case "date":
            return SAMPLE_MOMENT[:10]
        case "uri":
            return "https://lms.example.org/"
    return "texte"[: schema.get("maxLength", 5)].ljust(schema.get("minLength", 0), "x")
