"""The learner's pages without JavaScript, over HTTP, on both databases."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select, update

from app.auth.tables import AccessCode
from app.db import Database
from app.delivery.tables import Draft, ProblemReport, Response, Sitting
from tests.conftest import START, Clock, Published


class Form(HTMLParser):
    """The fields of the answer form, as a browser without scripts would send them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self.inside = False
        self.select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = values.get("action", "").endswith("/repondre")
        if not self.inside:
            return
        if tag == "select":
            self.select = values["name"]
            self.fields[self.select] = []
        elif tag == "option" and self.select and values.get("value"):
            self.fields[self.select].append(values["value"])
        elif tag == "input" and values.get("name"):
            self.fields.setdefault(values["name"], []).append(values.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "select":
            self.select = ""

    def filled(self) -> dict[str, Any]:
        """A complete answer: first choice, two boxes, steps in the order shown, first category."""
        answer: dict[str, Any] = {}
        place = 0
        for name, values in self.fields.items():
            if name == "choices":
                answer[name] = values[:2]
            elif name.startswith("order-"):
                place += 1
                answer[name] = str(place)
            elif name == "text":
                answer[name] = "MSSanté"
            elif name == "number":
                answer[name] = "72"
            else:
                answer[name] = values[0]
        return answer


class Browser:
    """A learner's browser with scripts off."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.page = ""
        self.status = 0
        self.address = ""

    async def get(self, address: str) -> "Browser":
        return self._keep(await self.client.get(address, follow_redirects=True))

    async def post(self, address: str, fields: Mapping[str, Any] | None = None, **headers: str) -> "Browser":
        return self._keep(
            await self.client.post(
                address,
                data=dict(fields or {}),
                follow_redirects=True,
                headers={"Accept": "text/html", **headers},
            )
        )

    def _keep(self, reply: httpx2.Response) -> "Browser":
        self.page, self.status, self.address = reply.text, reply.status_code, reply.url.path
        return self

    async def begin(self, design: str = "certification") -> "Browser":
        await self.post("/demo", {"design": design})
        self.sitting = self.address
        return await self.post(f"{self.sitting}/commencer")

    async def answer(self, **changes: Any) -> "Browser":
        return await self.post(f"{self.sitting}/repondre", {**Form(self.page).filled(), **changes})

    @property
    def number(self) -> int:
        found = re.search(r'<input type="hidden" name="position" value="(\d+)">', self.page)
        assert found, self.page[:2000]
        return int(found[1])


@pytest.fixture
def browser(client: httpx2.AsyncClient, published: Published) -> Browser:
    return Browser(client)


async def count(database: Database, table: type) -> int:
    async with database.reading() as db:
        return (await db.execute(select(func.count()).select_from(table))).scalar_one()


async def test_a_whole_certification_with_plain_forms(browser: Browser, database: Database) -> None:
    await browser.begin()
    for expected in range(1, 33):
        assert browser.number == expected
        await browser.answer()
    assert browser.address.endswith("/resultat")
    assert "indicatif" in browser.page
    assert await count(database, Response) == 32


async def test_each_advice_leads_to_the_training_on_its_subject(browser: Browser) -> None:
    await browser.begin()
    for _ in range(32):
        await browser.answer()
    links = re.findall(r'href="(/\?test=[^"]+)"', browser.page)
    assert links
    for link in links:
        chosen = link.removeprefix("/?test=").removesuffix("#autre")
        page = await browser.get(link)
        assert f'<option value="{chosen}" selected>' in page.page


async def test_the_player_is_told_where_an_answer_leads(browser: Browser, database: Database) -> None:
    await browser.begin("practice")
    fields = Form(browser.page).filled()
    reply = await browser.client.post(
        f"{browser.sitting}/repondre", data=fields, headers={"Accept": "application/json"}
    )
    assert (reply.status_code, reply.json()) == (200, {"next": f"{browser.sitting}/correction/1"})
    again = await browser.client.post(
        f"{browser.sitting}/repondre", data=fields, headers={"Accept": "application/json"}
    )
    assert again.json() == reply.json()
    assert await count(database, Response) == 1


async def test_practice_explains_each_answer_and_lists_them_at_the_end(browser: Browser) -> None:
    await browser.begin("practice")
    for position in range(1, 13):
        await browser.answer()
        assert browser.address.endswith(f"/correction/{position}")
        following = await browser.get(browser.sitting)
        if following.address.endswith("/resultat"):
            break
    assert f"{browser.sitting}/correction/1" in browser.page


async def test_a_correction_is_not_shown_in_a_certification(browser: Browser) -> None:
    await browser.begin()
    await browser.answer()
    assert (await browser.get(f"{browser.sitting}/correction/1")).status == 404


async def test_an_access_code_opens_a_sitting_and_counts(
    browser: Browser, published: Published, database: Database
) -> None:
    await browser.post("/code", {"code": published.access_code.lower().replace("-", " ")})
    assert browser.status == 200
    assert browser.address.startswith("/epreuve/")
    async with database.reading() as db:
        assert (await db.execute(select(AccessCode.uses))).scalar_one() == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"expires_at": START}, 410),
        ({"opens_at": START.replace(year=2028)}, 410),
        ({"max_uses": 0}, 410),
    ],
)
async def test_a_code_outside_its_window_is_refused(
    browser: Browser, published: Published, database: Database, change: dict[str, Any], status: int
) -> None:
    async with database.transaction() as db:
        await db.execute(update(AccessCode).values(**change))
    await browser.post("/code", {"code": published.access_code})
    assert browser.status == status
    assert 'id="code"' in browser.page
    assert await count(database, Sitting) == 0


async def test_an_unknown_or_empty_code_is_told_beside_the_field(browser: Browser) -> None:
    assert (await browser.post("/code", {"code": "AAAA-BBBB-CCCC"})).status == 404
    assert (await browser.post("/code", {"code": "bonjour"})).status == 404
    assert (await browser.post("/code", {"code": " "})).status == 422
    assert "aria-invalid" in browser.page


async def test_guessing_codes_is_slowed_down(browser: Browser) -> None:
    statuses = [(await browser.post("/code", {"code": f"AAAA-BBBB-{n:04d}"})).status for n in range(25)]
    assert statuses[0] == 404
    assert statuses[-1] == 429


async def test_a_resume_code_reopens_the_same_question_elsewhere(
    browser: Browser, client: httpx2.AsyncClient, clock: Clock
) -> None:
    await browser.post("/demo", {"design": "certification"})
    browser.sitting = browser.address
    found = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", browser.page)
    assert found
    await browser.post(f"{browser.sitting}/commencer")
    question = Form(browser.page).fields
    clock.advance(60)
    client.cookies.clear()
    assert (await browser.get(browser.sitting)).status == 404
    await browser.post("/code", {"code": found[0]})
    assert browser.address == browser.sitting
    assert Form(browser.page).fields == question
    assert f'data-deadline="{round(START.timestamp() + 3600) * 1000}"' in browser.page


async def test_another_browser_cannot_open_the_sitting(browser: Browser, client: httpx2.AsyncClient) -> None:
    await browser.begin()
    client.cookies.clear()
    for path in ("", "/resultat", "/terminer", "/exercice"):
        assert (await browser.get(browser.sitting + path)).status == 404
    assert (await browser.answer()).status == 404


async def test_reloading_shows_the_same_question(browser: Browser) -> None:
    await browser.begin()
    await browser.answer()
    shown = Form(browser.page).fields
    assert Form((await browser.get(browser.sitting)).page).fields == shown


async def test_an_empty_answer_must_be_confirmed(browser: Browser, database: Database) -> None:
    await browser.begin()
    hidden = {name: Form(browser.page).fields[name][0] for name in ("position", "item", "idempotency_key")}
    await browser.post(f"{browser.sitting}/repondre", hidden)
    assert browser.status == 422
    assert browser.number == 1
    assert await count(database, Response) == 0
    await browser.post(f"{browser.sitting}/repondre", {**hidden, "confirm": "empty"})
    assert browser.number == 2


async def test_sending_the_same_form_twice_is_one_answer(browser: Browser, database: Database) -> None:
    await browser.begin()
    first = Form(browser.page).filled()
    await browser.post(f"{browser.sitting}/repondre", first)
    await browser.post(f"{browser.sitting}/repondre", first)
    assert (browser.status, browser.number) == (200, 2)
    assert await count(database, Response) == 1


async def test_a_second_tab_with_another_answer_is_refused_politely(
    browser: Browser, database: Database
) -> None:
    await browser.begin()
    stale = {name: Form(browser.page).fields[name][0] for name in ("position", "item", "idempotency_key")}
    await browser.answer()
    await browser.post(f"{browser.sitting}/repondre", {**stale, "confirm": "empty"})
    assert browser.status == 409
    assert browser.sitting in browser.page
    assert await count(database, Response) == 1


async def test_a_forged_item_or_position_changes_nothing(browser: Browser, database: Database) -> None:
    await browser.begin()
    page = browser.page
    assert (await browser.answer(position="3")).status == 409
    browser.page = page
    assert (await browser.answer(item="01a20049-98e2-70fc-bfb1-21ac6265a6cb")).status == 404
    browser.page = page
    assert (await browser.answer(position="x")).status == 422
    assert await count(database, Response) == 0


async def test_the_draft_is_kept_and_shown_again(browser: Browser, database: Database) -> None:
    await browser.begin()
    item = Form(browser.page).fields["item"][0]
    reply = await browser.client.post(
        f"{browser.sitting}/brouillon", json={"position": 1, "item": item, "response": {"choice": "b"}}
    )
    assert reply.status_code == 200
    assert set(reply.json()) == {"saved_at", "now", "deadline"}
    assert await count(database, Draft) == 1
    stale = await browser.client.post(
        f"{browser.sitting}/brouillon", json={"position": 2, "item": item, "response": None}
    )
    assert stale.status_code == 409


async def test_a_problem_report_is_kept(browser: Browser, database: Database) -> None:
    await browser.begin()
    await browser.post(f"{browser.sitting}/signaler", {"position": "1", "text": "La question est ambiguë."})
    assert browser.number == 1
    async with database.reading() as db:
        report = (await db.execute(select(ProblemReport))).scalar_one()
    assert report.text == "La question est ambiguë."


async def test_the_player_ends_the_sitting_at_the_deadline(browser: Browser, clock: Clock) -> None:
    await browser.begin()
    clock.advance(3599)
    hidden = {name: Form(browser.page).fields[name][0] for name in ("position", "item", "idempotency_key")}
    await browser.post(f"{browser.sitting}/repondre", {**hidden, "auto": "1"})
    assert browser.number == 1
    clock.advance(1)
    await browser.post(f"{browser.sitting}/repondre", {**hidden, "auto": "1"})
    assert browser.address.endswith("/resultat")


async def test_an_empty_answer_after_the_time_says_it_is_over(browser: Browser, clock: Clock) -> None:
    await browser.begin()
    hidden = {name: Form(browser.page).fields[name][0] for name in ("position", "item", "idempotency_key")}
    clock.advance(3606)
    await browser.post(f"{browser.sitting}/repondre", hidden)
    assert browser.status == 409
    assert browser.sitting in browser.page


async def test_ending_early_asks_first_and_then_shows_what_there_is(browser: Browser) -> None:
    await browser.begin()
    await browser.answer()
    assert (await browser.get(f"{browser.sitting}/terminer")).status == 200
    await browser.post(f"{browser.sitting}/terminer")
    assert browser.address.endswith("/resultat")


async def test_the_tutorial_stores_nothing(browser: Browser, database: Database) -> None:
    await browser.post("/demo", {"design": "certification"})
    sitting = browser.address
    assert (await browser.get(f"{sitting}/exercice")).status == 200
    await browser.post(f"{sitting}/exercice", {"choices": "b", "gestures": "key <script>"})
    assert browser.status == 200
    assert re.findall(r'data-gesture="(\w+)" class="done"', browser.page) == ["choose", "key", "submit"]
    assert "<script>" not in browser.page
    assert await count(database, Response) == 0


async def test_a_form_from_another_site_is_refused(browser: Browser, database: Database) -> None:
    await browser.post("/demo", {"design": "certification"}, **{"Sec-Fetch-Site": "cross-site"})
    assert browser.status == 403
    await browser.post("/demo", {"design": "certification"}, **{"Origin": "https://ailleurs.example"})
    assert browser.status == 403
    assert await count(database, Sitting) == 0


@pytest.mark.parametrize(
    "address", ["/", "/comment-ca-marche", "/accessibilite", "/confidentialite", "/styleguide"]
)
async def test_public_pages_answer_in_both_languages(browser: Browser, address: str) -> None:
    assert 'lang="fr"' in (await browser.get(address)).page
    await browser.post("/preferences", {"lang": "en"})
    assert '<html lang="en"' in (await browser.get(address)).page


async def test_an_unknown_address_is_a_page_in_french(browser: Browser) -> None:
    await browser.get("/nulle-part")
    assert browser.status == 404
    assert 'lang="fr"' in browser.page


async def test_every_page_carries_the_security_headers(browser: Browser) -> None:
    for address in ("/", "/nulle-part", "/v1/openapi.json", "/healthz"):
        reply = await browser.client.get(address)
        policy = reply.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe-inline" not in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "same-origin"
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["x-request-id"]
