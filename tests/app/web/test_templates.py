"""Every page, in every state of `samples.py`, in both languages."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from app.web.render import STATIC, Page, StaticAssets, render, render_text, static, static_version
from app.web.views import CategoryView, Entered, OptionView, View
from tests.app.web import samples

VOID = {"meta", "link", "input", "br", "img", "path", "circle", "rect"}
EVERY = [(name, lang) for name in samples.PAGES for lang in ("fr", "en")]
every_page = pytest.mark.parametrize(("name", "lang"), EVERY)


class Outline(HTMLParser):
    """Elements with their attributes, visible text, and any tag closed out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.misnested: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.misnested.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, attribute: str) -> Iterator[str]:
        """Every value of an attribute."""
        return (attributes[attribute] for _tag, attributes in self.elements if attribute in attributes)


def outline_of(view: View, lang: str = "fr") -> Outline:
    """Render and read a page."""
    outline = Outline()
    outline.feed(render_text(view, Page(lang, "", "/epreuve")))
    return outline


@cache
def sample(name: str, lang: str) -> Outline:
    """A sample page, read once."""
    return outline_of(samples.PAGES[name], lang)


@every_page
def test_a_page_is_well_formed_and_in_its_language(name: str, lang: str) -> None:
    page = sample(name, lang)
    assert page.misnested == []
    assert page.elements[0] == ("html", {"lang": lang})


@every_page
def test_a_page_has_one_heading_of_the_first_rank_and_no_rank_is_skipped(name: str, lang: str) -> None:
    ranks = [int(tag[1]) for tag, _attributes in sample(name, lang).elements if re.fullmatch("h[1-6]", tag)]
    assert ranks.count(1) == 1
    after_first = ranks[ranks.index(1) :]
    assert all(later - earlier <= 1 for earlier, later in pairwise(after_first))


@every_page
def test_identifiers_are_unique_and_references_lead_to_them(name: str, lang: str) -> None:
    page = sample(name, lang)
    identifiers = Counter(page.values("id"))
    if name != "styleguide":
        assert [identifier for identifier, count in identifiers.items() if count > 1] == []
    for attribute in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
        for value in page.values(attribute):
            assert set(value.split()) <= set(identifiers), (attribute, value)
    for address in page.values("href"):
        if address.startswith("#"):
            assert address[1:] in identifiers


@every_page
def test_nothing_on_a_page_is_forbidden_by_the_content_policy(name: str, lang: str) -> None:
    for tag, attributes in sample(name, lang).elements:
        assert "style" not in attributes
        assert not [attribute for attribute in attributes if attribute.startswith("on")]
        if tag in ("script", "link", "img"):
            assert attributes.get("src", attributes.get("href", "")).startswith("/static/")
        assert tag != "style"


@every_page
def test_every_field_and_button_has_a_name_to_read_aloud(name: str, lang: str) -> None:
    page = sample(name, lang)
    labelled = set(page.values("for"))
    for tag, attributes in page.elements:
        if tag in ("select", "textarea") or (
            tag == "input" and attributes.get("type") not in ("hidden", "radio", "checkbox")
        ):
            assert attributes.get("id") in labelled or "order-" in attributes.get("name", "")


@every_page
def test_no_number_of_the_scale_is_shown_to_a_learner(name: str, lang: str) -> None:
    page = sample(name, lang)
    visible = " ".join(page.text)
    assert "theta" not in visible.lower()
    if name.startswith("result"):
        assert re.search(r"\d[.,]\d", visible) is None


@pytest.mark.parametrize("name", samples.PAGES)
def test_french_pages_are_typeset(name: str) -> None:
    visible = "\n".join(sample(name, "fr").text)
    assert re.findall(r"\w+ [:;!?»]", visible) == []
    assert re.findall(r"« ", visible) == []
    assert re.findall(r"\w'\w", visible) == []


def test_what_a_learner_typed_is_shown_as_text() -> None:
    hostile = '"><script>alert(1)</script>'
    page = outline_of(samples.alone(samples.TEXT, Entered(text=hostile)))
    fields = [
        attributes for tag, attributes in page.elements if attributes.get("name") == "text" and tag == "input"
    ]
    assert fields[0]["value"] == hostile
    assert [
        attributes for tag, attributes in page.elements if tag == "script" and "src" not in attributes
    ] == []


@pytest.mark.parametrize(
    ("view", "checked"),
    [
        (samples.alone(samples.SINGLE, Entered.from_response({"choice": "b"})), ["b"]),
        (samples.alone(samples.MULTIPLE, Entered.from_response({"choices": ["a", "e"]})), ["a", "e"]),
        (samples.alone(samples.CLASSIFY, Entered.from_response({"pairs": {"b": "y"}})), ["y"]),
    ],
)
def test_a_draft_is_ticked_again(view: View, checked: list[str]) -> None:
    page = outline_of(view)
    assert [a["value"] for tag, a in page.elements if tag == "input" and "checked" in a] == checked


def test_a_draft_order_is_chosen_again_place_by_place() -> None:
    page = outline_of(samples.alone(samples.ORDER, Entered.from_response({"order": ["b", "d", "c", "a"]})))
    chosen: dict[str, str] = {}
    current = ""
    places = iter("1234" * 4)
    for tag, attributes in page.elements:
        if tag == "select":
            current = attributes["name"]
        if tag == "option" and attributes.get("value") != "":
            place = next(places)
            if "selected" in attributes:
                chosen[current] = place
    assert chosen == {"order-b": "1", "order-d": "2", "order-c": "3", "order-a": "4"}


def test_long_categories_become_lists_and_short_ones_buttons() -> None:
    def controls(count: int, word: str) -> set[str]:
        categories = tuple(CategoryView(str(number), f"{word} {number}") for number in range(count))
        page = outline_of(samples.alone(replace(samples.PAIR, categories=categories)))
        return {
            "select" if tag == "select" else attributes["type"]
            for tag, attributes in page.elements
            if attributes.get("name", "").startswith("match-")
        }

    assert controls(4, "Oui") == {"radio"}
    assert controls(4, "Messagerie sécurisée entre professionnels") == {"select"}


def test_an_empty_answer_can_be_confirmed_but_enter_still_means_submit() -> None:
    buttons = [a for tag, a in sample("question-empty", "fr").elements if tag == "button" and "type" not in a]
    submitting = [button for button in buttons if button.get("name") == "confirm" or "data-submit" in button]
    assert "data-submit" in submitting[0]
    assert submitting[1] == {"class": "btn line", "name": "confirm", "value": "empty"}


def test_the_question_page_carries_what_its_form_must_send() -> None:
    hidden = {
        attributes["name"]: attributes["value"]
        for tag, attributes in sample("question-document", "fr").elements
        if tag == "input" and attributes.get("type") == "hidden"
    }
    assert hidden["position"] == "12"
    assert hidden["item"] == samples.MULTIPLE.token
    assert hidden["idempotency_key"] == "5a0c"


def test_a_question_says_nothing_of_right_and_wrong() -> None:
    options = tuple(OptionView(option.id, option.text_html) for option in samples.SINGLE.options)
    page = outline_of(samples.alone(replace(samples.SINGLE, options=options)))
    inputs = [set(attributes) for tag, attributes in page.elements if attributes.get("name") == "choice"]
    assert inputs == [{"type", "name", "value"}] * 4


def test_an_untimed_sitting_shows_no_countdown() -> None:
    assert "data-timer" not in set().union(*(a for _tag, a in sample("question-untimed", "fr").elements))
    assert "data-timer" in set().union(*(a for _tag, a in sample("question-single", "fr").elements))


def test_a_result_says_strong_and_weak_only_where_flagged() -> None:
    said = " ".join(sample("result", "fr").text)
    assert said.count("point fort") == 1
    assert said.count("à renforcer") == 1
    assert "Profil homogène" not in said
    even = " ".join(sample("result-highest", "fr").text)
    assert "point fort" not in even
    assert "Profil homogène" in even


def test_too_few_answers_give_no_level_at_all() -> None:
    said = " ".join(sample("result-none", "fr").text)
    assert "Trop peu de réponses pour un résultat" in said
    assert "probable" not in said


def test_every_provisional_page_says_that_the_result_is_indicative() -> None:
    for name, view in samples.PAGES.items():
        if getattr(view, "provisional", False):
            assert "/comment-ca-marche#indicatif" in set(sample(name, "fr").values("href"))


async def _demo(request: Request) -> Response:
    return render(request, samples.LANDING, status_code=418, headers={"X-Test": "yes"})


@pytest.fixture
def client() -> Iterator[TestClient]:
    """Pages and static files behind a server."""
    routes = [Route("/", _demo), Mount("/static", StaticAssets())]
    with TestClient(Starlette(routes=routes)) as made:
        yield made


def test_cookies_choose_language_and_theme(client: TestClient) -> None:
    assert '<html lang="fr">' in client.get("/").text
    client.cookies.update({"lang": "en", "theme": "dark"})
    assert '<html lang="en" data-theme="dark">' in client.get("/").text
    client.cookies.clear()
    client.cookies.update({"lang": "tlh", "theme": "neon"})
    assert '<html lang="fr">' in client.get("/").text


def test_every_page_carries_the_content_policy_and_is_not_stored(client: TestClient) -> None:
    response = client.get("/")
    assert response.status_code == 418
    assert response.headers["X-Test"] == "yes"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "no-store"


def test_static_files_are_kept_for_ever_under_their_version_only(client: TestClient) -> None:
    address = static("css/palier.css")
    assert static_version() in address
    current = client.get(address)
    assert current.status_code == 200
    assert "immutable" in current.headers["Cache-Control"]
    old = client.get("/static/000000000000/css/palier.css")
    assert old.status_code == 200
    assert old.headers["Cache-Control"] == "no-cache"
    assert client.get(f"/static/{static_version()}/../views.py").status_code == 404
    assert client.get(f"/static/{static_version()}/css/none.css").status_code == 404


def test_a_static_file_that_does_not_exist_is_found_out_when_the_page_is_made() -> None:
    with pytest.raises(FileNotFoundError):
        static("css/none.css")


def test_pages_stay_light() -> None:
    size = {path.name: path.stat().st_size for path in STATIC.rglob("*") if path.is_file()}
    assert size["palier.css"] + size["player.css"] <= 20_000
    assert size["palier.css"] + size["pages.css"] <= 20_000
    assert size["zone.css"] <= 4_000
    assert max(size["page.js"], size["player.js"]) <= 12_000
