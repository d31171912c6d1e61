"""`/v1/docs` and `/problems`: the reference of the API as pages made here, without script or any other site."""

import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from markdown_it import MarkdownIt

from app.description import operations, reply_of, scopes_of
from app.errors import AppError, NotFound, catalogue
from app.web.render import render
from app.web.views_reference import (
    BodyRow,
    OperationView,
    ParameterRow,
    ProblemListView,
    ProblemRow,
    ProblemView,
    ReferenceView,
    ReplyRow,
    SectionView,
)

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
MARKDOWN: Final = MarkdownIt("zero").enable(["backticks", "link", "list", "emphasis"])
Json = Mapping[str, Any]


@router.get("/v1/docs")
async def reference(request: Request) -> Response:
    """Every operation, readable, with an example in curl and in Python."""
    return render(request, _reference(request.app.openapi(), _origin(request)))


@router.get("/problems")
async def problems(request: Request) -> Response:
    """Every refusal of the API."""
    return render(request, ProblemListView(problems=[_problem(kind) for kind in catalogue().values()]))


@router.get("/problems/{code}")
async def problem(request: Request, code: str) -> Response:
    """What a problem's `type` leads to: a page for people, the same facts for programs."""
    kind = catalogue().get(code)
    if kind is None:
        raise NotFound("There is no such problem.")
    row = _problem(kind)
    if "text/html" in request.headers.get("accept", ""):
        return render(request, ProblemView(problem=row))
    return JSONResponse(
        {"code": row.code, "status": row.status, "title": row.title, "description": row.description}
    )


def _origin(request: Request) -> str:
    found: str = request.app.state.context.settings.public_url
    return found


def _problem(kind: type[AppError]) -> ProblemRow:
    words = " ".join((kind.__doc__ or "").split())
    return ProblemRow(
        code=kind.code,
        status=kind.status,
        title=kind.title,
        description=words,
        description_html=MARKDOWN.renderInline(words),
    )


def _reference(spec: Json, origin: str) -> ReferenceView:
    found = [
        (operation.get("tags", [""])[0], _operation(path, method, operation, spec, origin))
        for path, method, operation in operations(spec)
    ]
    told = {tag["name"]: tag["description"] for tag in spec["tags"]}
    return ReferenceView(
        title=spec["info"]["title"],
        version=spec["info"]["version"],
        origin=origin,
        sections=[
            SectionView(
                id=_anchor(tag),
                name=tag,
                description=words,
                operations=[view for of_tag, view in found if of_tag == tag],
            )
            for tag, words in told.items()
        ],
    )


def _anchor(name: str) -> str:
    return "section-" + "".join(letter if letter.isalnum() else "-" for letter in name.lower())


def _operation(path: str, method: str, operation: Json, spec: Json, origin: str) -> OperationView:
    schemas = spec["components"]["schemas"]
    content = operation.get("requestBody", {}).get("content", {})
    nothing: tuple[str, dict[str, Any]] = ("", {})
    kind, media = next(iter(content.items()), nothing)
    sample = media.get("example")
    good = next(status for status in operation["responses"] if status < "4")
    replies = {status: reply_of(spec, told) for status, told in operation["responses"].items()}
    reply = replies[good].get("content", {})
    shown = next((found.get("example") for found in reply.values()), None)
    curl, python = _samples(path, method, operation, kind, sample, origin)
    return OperationView(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description_html=MARKDOWN.render(operation.get("description", "")),
        scopes=scopes_of(operation),
        parameters=[
            ParameterRow(
                name=parameter["name"],
                where=parameter["in"],
                kind=_kind(parameter["schema"]),
                required=parameter.get("required", False),
                description_html=MARKDOWN.renderInline(parameter.get("description", "")),
            )
            for parameter in operation.get("parameters", ())
        ],
        body_type=kind,
        body=_fields(media.get("schema", {}), schemas),
        replies=[
            ReplyRow(
                status=status,
                description_html=MARKDOWN.renderInline(told["description"]),
                schema=_named(told),
                fields=_fields(_schema(told), schemas) if status < "4" else (),
            )
            for status, told in replies.items()
        ],
        curl=curl,
        python=python,
        sample_reply="" if shown is None else json.dumps(shown, ensure_ascii=False, indent=2),
    )


def _schema(reply: Json) -> Json:
    found: Json = next((media.get("schema", {}) for media in reply.get("content", {}).values()), {})
    return found


def _named(reply: Json) -> str:
    return str(_schema(reply).get("$ref", "")).rsplit("/", 1)[-1]


def _fields(schema: Json, schemas: Json, before: str = "", depth: int = 0) -> list[BodyRow]:
    """The fields of a body in reading order, those of its parts after them as `part.field`."""
    if "$ref" in schema:
        return _fields(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas, before, depth)
    rows: list[BodyRow] = []
    required = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        rows.append(
            BodyRow(
                name=before + name,
                kind=_kind(part),
                required=name in required,
                description_html=MARKDOWN.renderInline(part.get("description", "")),
            )
        )
        if depth < 3:
            for inner, mark in _parts(part):
                rows += _fields(inner, schemas, f"{before}{name}{mark}.", depth + 1)
    return rows


def _parts(part: Json) -> list[tuple[Json, str]]:
    if "$ref" in part:
        return [(part, "")]
    if part.get("type") == "array":
        return [(inner, f"[]{mark}") for inner, mark in _parts(part.get("items", {}))]
    return [found for kind in part.get("anyOf", ()) for found in _parts(kind)]


def _kind(schema: Json) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "enum" in schema:
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_kind(kind) for kind in schema["anyOf"]))
    if schema.get("type") == "array":
        return f"[{_kind(schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type") or "any")


def _samples(path: str, method: str, operation: Json, kind: str, sample: Any, origin: str) -> tuple[str, str]:
    """The call in curl and in Python; the secret comes from the environment."""
    needs_key = any("apiKey" in way for way in operation.get("security", ()))
    retried = any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))
    address = path
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            address = address.replace(f"{{{parameter['name']}}}", str(parameter.get("example", "...")))
    curl = [f"curl {origin}{address}" if method == "get" else f"curl -X {method.upper()} {origin}{address}"]
    lines = ["import os", "import httpx", "", f'api = httpx.Client(base_url="{origin}")']
    given: list[str] = []
    if needs_key:
        curl.append('-H "Authorization: Bearer $PALIER_KEY"')
        lines.append('api.headers["Authorization"] = "Bearer " + os.environ["PALIER_KEY"]')
    if retried:
        curl.append('-H "Idempotency-Key: $(uuidgen)"')
        lines.insert(1, "import uuid")
        given.append('headers={"Idempotency-Key": str(uuid.uuid4())}')
    if kind == "application/json":
        compact = json.dumps(sample, ensure_ascii=False)
        curl += ["-H 'Content-Type: application/json'", "-d '" + compact.replace("'", "'\\''") + "'"]
        given.append(f"json={sample!r}")
    elif kind == "application/x-www-form-urlencoded":
        curl.append('-u "$CLIENT_ID:$CLIENT_SECRET"')
        form = {name: value for name, value in (sample or {}).items() if not name.startswith("client_")}
        curl += [f"-d '{name}={value}'" for name, value in form.items()]
        given += ['auth=(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])', f"data={form!r}"]
    elif kind:
        curl.append(f"-H 'Content-Type: {kind}' --data-binary @file")
        given.append('content=open("file", "rb").read()')
    arguments = "".join(f", {argument}" for argument in given)
    lines += ["", f'reply = api.{method}("{address}"{arguments})', "reply.raise_for_status()"]
    return " \\\n  ".join(curl), "\n".join(lines)
