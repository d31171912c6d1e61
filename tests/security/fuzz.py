"""Calls that Schemathesis makes up from the description, sent to the service in this process."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from tests.security.world import World

Case = Any
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SETTINGS = hypothesis.settings(
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


def invented(world: World, each: int) -> Iterator[tuple[str, Callable[[Callable[[Case], None]], None]]]:
    """For every operation its name, and what makes up calls of it: half of them right, half of them wrong.

    Every second call speaks of what is there; the others make up identifiers too.
    """
    for found in schemathesis.openapi.from_dict(world.spec).get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]

        def run(act: Callable[[Case], None], operation: Any = operation) -> None:
            turns = 0

            def one(case: Case) -> None:
                nonlocal turns
                turns += 1
                if turns % 2:
                    for name in case.path_parameters or {}:
                        if name in world.ids:
                            case.path_parameters[name] = world.ids[name]
                act(case)

            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                strategy = operation.as_strategy(generation_mode=mode)
                limited: Any = hypothesis.settings(SETTINGS, max_examples=max(1, each // 2))
                given: Any = hypothesis.given(strategy)
                try:
                    limited(given(one))()
                except hypothesis.errors.Unsatisfiable:
                    continue  # nothing about this operation can be wrong

        yield f"{operation.method.upper()} {operation.path}", run


def send(client: TestClient, case: Case, headers: Mapping[str, str]) -> Any:
    """One made-up call."""
    # what Schemathesis makes up is put into bytes by the library that it is made for
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kwargs = case.as_transport_kwargs(base_url=str(client.base_url), headers=dict(headers))
        made = requests.Request(
            **{
                name: kwargs[name]
                for name in ("method", "url", "headers", "params", "cookies", "json", "data", "files")
                if name in kwargs
            }
        ).prepare()
        body: Any = made.body
        reply = client.request(
            str(made.method),
            str(made.url),
            headers=[(_bytes(name), _bytes(value)) for name, value in made.headers.items()],
            content=body.encode() if isinstance(body, str) else body,
        )
    reply.request.read()
    return reply


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1", "replace")


def faults(case: Case, reply: Any) -> list[str]:
    """What is wrong with a reply, in a line each."""
    try:
        case.validate_response(reply, checks=CHECKS)
    except FailureGroup as group:
        return [f"{type(fault).__name__}: {fault.message}"[:300] for fault in group.exceptions]
    return []
