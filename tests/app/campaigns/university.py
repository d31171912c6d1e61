"""A university that talks to the API: its learners, cohorts and campaigns."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx2

from tests.app.delivery.learner import Json, some_response


def assert_problem(reply: httpx2.Response, status: int, code: str) -> Json:
    """The reply is this RFC 9457 problem; its body."""
    assert reply.status_code == status, reply.text
    body: Json = reply.json()
    assert body["code"] == code
    return body


class University:
    """One institution's program."""

    def __init__(self, client: httpx2.AsyncClient, authorization: Mapping[str, str]) -> None:
        self.client = client
        self.authorization = dict(authorization)

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        given = {"headers": {**self.authorization, **headers}}
        if body is not None:
            given["json"] = body
        return await self.client.request(method, f"/v1{path}", **given)  # type: ignore[arg-type]

    async def made(self, path: str, body: Any, **headers: str) -> Json:
        reply = await self.call("POST", path, body, **headers)
        assert reply.status_code in (200, 201), reply.text
        found: Json = reply.json()
        return found

    async def read(self, path: str) -> Json:
        reply = await self.call("GET", path)
        assert reply.status_code == 200, reply.text
        found: Json = reply.json()
        return found

    async def import_file(
        self,
        content: bytes | str,
        *,
        dry_run: bool = False,
        cohort: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        data = {"dry_run": str(dry_run).lower(), **({"cohort": cohort} if cohort else {})}
        return await self.client.post(
            "/v1/learners/import",
            headers={**self.authorization, **(headers or {})},
            data=data,
            files={"file": ("learners.csv", content if isinstance(content, bytes) else content.encode())},
        )

    async def learners(self, *names: str) -> None:
        rows = "\n".join(["identifiant", *names])
        assert (await self.import_file(rows)).status_code == 200

    async def campaign(self, design: str = "certification", **more: Any) -> Json:
        purpose = "practice" if design == "practice" else "certification"
        return await self.made(
            "/campaigns", {"name": "Promotion 2027", "design": design, "purpose": purpose, **more}
        )

    async def sat(self, campaign: Json, learner: str, answers: int = 3) -> str:
        """A sitting of a campaign, from its creation to its end; its identifier."""
        sitting = (await self.made("/sittings", {"campaign": campaign["id"], "learner": learner}))["id"]
        question = (await self.made(f"/sittings/{sitting}/start", None))["question"]
        for _ in range(answers):
            question = (
                await self.made(
                    f"/sittings/{sitting}/responses",
                    {
                        "position": question["position"],
                        "item": question["item"]["id"],
                        "response": some_response(question["item"]),
                    },
                    **{"Idempotency-Key": f"q{question['position']}"},
                )
            )["question"]
        await self.made(f"/sittings/{sitting}/finish", None)
        return str(sitting)


def names(page: Json) -> Sequence[str]:
    """The identifiers of a page of learners."""
    return [one["external_id"] for one in page["data"]]
