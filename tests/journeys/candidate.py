"""A person at a browser: reads what is on the page and answers it, by keyboard or as a page without script allows."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from playwright.sync_api import Locator, Page

from tests.faults.facts import history
from tests.faults.server import ServedDatabase

Given = Mapping[str, Any]
QUESTION = "form[data-player]"
RESULT = "[data-finished]"
OFFLINE = "[data-offline]"
SAVED = "[data-saved]"

# Where the keyboard is, and whether a sighted person can tell.
STOP = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const shown = at.closest("label") ?? at, box = shown.getBoundingClientRect();
  const x = Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 2);
  const y = Math.min(Math.max(box.top + box.height / 2, 1), innerHeight - 2);
  const top = document.elementFromPoint(x, y);
  const inside = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
  const marked = [at, shown, shown.firstElementChild, at.nextElementSibling].some((node) => {
    const style = node && getComputedStyle(node);
    return style && (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none");
  });
  return {
    name: `${at.tagName.toLowerCase()}${at.id ? "#" + at.id : ""} ${at.getAttribute("name") ?? ""} ` +
      `${(shown.textContent ?? "").trim().slice(0, 40)}`,
    fault: !inside ? "outside the window" : !(shown.contains(top) || top?.contains(shown)) ? "covered" :
      !marked ? "without a focus mark" : "",
  };
}"""

# The digits at the moment they change, when they are right by definition.
NEXT_TICK = """() => new Promise((done, fail) => {
  const node = document.querySelector("[data-timer-digits]");
  new MutationObserver(() => done([node.textContent, Date.now() / 1000])).observe(node, { childList: true });
  setTimeout(() => fail(new Error("the countdown stands still")), 4000);
})"""


class Stuck(AssertionError):
    """The keyboard does not lead where it should."""


def seconds(digits: str) -> int:
    """A countdown as seconds."""
    total = 0
    for part in digits.split(":"):
        total = total * 60 + int(part)
    return total


class Candidate:
    """One person, one tab. `given` holds what they answered at each position, in the canonical form."""

    def __init__(self, page: Page, address: str, seed: int = 1) -> None:
        self.page = page
        self.address = address
        self.rng = random.Random(seed)
        self.given: dict[int, Given | None] = {}
        self.interactions: set[str] = set()
        self.focus_faults: list[str] = []

    # Getting there

    def enter(self, code: str) -> None:
        """Type a code on the first page, by keyboard."""
        self.page.goto(self.address)
        self.tab_to("input[name=code]")
        self.page.keyboard.type(code)
        self.press_and_follow("Enter")

    def start(self) -> None:
        """From the introduction to the first question, by keyboard."""
        self.tab_to("form[action$=commencer] button")
        self.press_and_follow("Enter")

    def begin_with_the_pointer(self, code: str) -> None:
        """From the first page to the first question without a key that a script would handle."""
        self.page.goto(self.address)
        self.page.fill("input[name=code]", code)
        for button in ("form[action$=code] button", "form[action$=commencer] button"):
            with self.page.expect_navigation(wait_until="load"):
                self.page.locator(button).click()

    def choose_practice(self) -> None:
        """From the first page to the introduction of the demonstration's practice."""
        self.page.goto(self.address)
        with self.page.expect_navigation(wait_until="load"):
            self.page.locator("button[name=design][value=practice]").click()

    @property
    def sitting(self) -> UUID:
        """The sitting of the address."""
        return UUID(self.page.url.split("/epreuve/")[1].split("/")[0])

    @property
    def home(self) -> str:
        """The sitting's own address."""
        return f"{self.address}/epreuve/{self.sitting}"

    # What is on the page

    @property
    def position(self) -> int | None:
        """Number of the question being shown; None when there is none."""
        form = self.page.query_selector(QUESTION)
        return int(form.get_attribute("data-position") or 0) if form else None

    @property
    def item(self) -> str:
        """Which item is being shown."""
        return self.page.get_attribute(QUESTION, "data-item") or ""

    @property
    def interaction(self) -> str:
        """How the question is answered."""
        return self.page.get_attribute(QUESTION, "data-interaction") or ""

    def countdown(self) -> tuple[int, float]:
        """Seconds shown, and when: the next time they change."""
        digits, moment = self.page.evaluate(NEXT_TICK)
        return seconds(digits), moment

    def countdown_error(self, deadline: datetime) -> float:
        """By how many seconds the countdown is wrong."""
        shown, moment = self.countdown()
        return abs(shown - (deadline - datetime.fromtimestamp(moment, UTC)).total_seconds())

    # The keyboard

    def tab_to(self, selector: str, *, most: int = 80) -> None:
        """Press Tab until the focus is there; every stop on the way must be visible."""
        for _ in range(most):
            if self.page.evaluate("(s) => document.activeElement?.matches(s) ?? false", selector):
                return
            self.page.keyboard.press("Tab")
            stop = self.page.evaluate(STOP)
            if stop and stop["fault"]:
                self.focus_faults.append(f"{self.page.url}: {stop['name']}: {stop['fault']}")
        msg = f"{most} tabs do not lead to {selector} on {self.page.url}"
        raise Stuck(msg)

    def press_and_follow(self, key: str) -> None:
        """Press a key that leads to another page."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.keyboard.press(key)

    def fill_in_by_keyboard(self) -> Given:
        """Answer the question being shown, without sending it; the focus stays in the last field."""
        page, rng = self.page, self.rng
        self.interactions.add(self.interaction)
        match self.interaction:
            case "single_choice":
                options = self._values("input[name=choice]")
                chosen = rng.randrange(len(options))
                self.tab_to("input[name=choice]")
                if rng.random() < 0.5:
                    page.keyboard.press(str(chosen + 1))
                else:
                    page.keyboard.press("Space")
                    for _ in range(chosen):
                        page.keyboard.press("ArrowDown")
                return {"choice": options[chosen]}
            case "multiple_choice":
                options = self._values("input[name=choices]")
                several = sorted(rng.sample(range(len(options)), rng.randint(1, len(options) - 1)))
                for index in several:
                    self.tab_to(f'input[name=choices][value="{options[index]}"]')
                    page.keyboard.press("Space")
                return {"choices": [options[index] for index in several]}
            case "zone":
                zones = self._values("input[name=zones]")
                found = sorted(rng.sample(range(len(zones)), rng.randint(1, len(zones) - 1)))
                if page.locator("input[name=zones][type=radio]").count():
                    self.tab_to("input[name=zones]")
                    page.keyboard.press("Space")
                    for _ in range(found[0]):
                        page.keyboard.press("ArrowDown")
                    return {"zones": [zones[found[0]]]}
                for index in found:
                    self.tab_to(f'input[name=zones][value="{zones[index]}"]')
                    page.keyboard.press("Space")
                return {"zones": [zones[index] for index in found]}
            case "order":
                return self._order_by_keyboard()
            case "match":
                return self._match_by_keyboard()
            case "short_text":
                self.tab_to("input[name=text]")
                page.keyboard.type(text := rng.choice(["MSSanté", "DMP", "réponse d’essai", "RPPS"]))
                return {"text": text}
            case _:
                self.tab_to("input[name=number]")
                page.keyboard.type(number := rng.choice(["12", "3,5", "72", "0"]))
                return {"number": number}

    def _order_by_keyboard(self) -> Given:
        page, rng = self.page, self.rng
        for _ in range(rng.randint(1, 3)):
            row = rng.randrange(page.locator(".step-row").count())
            self.tab_to(f".step-row:nth-child({row + 1}) .moves button")
            page.keyboard.press(rng.choice(["ArrowUp", "ArrowDown"]))
        self.tab_to(".step-row:nth-child(2) .moves button")
        page.keyboard.press("Enter")  # the button “up”
        return {"order": [name.removeprefix("order-") for name in self._names(".step-row select")]}

    def _match_by_keyboard(self) -> Given:
        page, rng = self.page, self.rng
        pairs = {}
        for name in self._names("[name^=match-]"):
            kind = page.locator(f'[name="{name}"]').first.evaluate("(node) => node.tagName")
            self.tab_to(f'[name="{name}"]')
            if kind == "SELECT":
                values = self._values(f'select[name="{name}"] option')
                chosen = rng.randrange(1, len(values))
                for _ in range(chosen):
                    page.keyboard.press("ArrowDown")
            else:
                values = self._values(f'input[name="{name}"]')
                chosen = rng.randrange(len(values))
                page.keyboard.press("Space")
                for _ in range(chosen):
                    page.keyboard.press("ArrowRight")
            pairs[name.removeprefix("match-")] = values[chosen]
        return {"pairs": pairs}

    def send_by_keyboard(self) -> None:
        """Press Enter where a form takes it, else go to the button."""
        typed = self.interaction not in ("order", "match")
        if not (typed and self.rng.random() < 0.7):
            self.tab_to("[data-submit]")
        self.page.keyboard.press("Enter")

    def answer_by_keyboard(self) -> None:
        """One question, from reading it to the next page."""
        position = self.position
        assert position is not None
        self.given[position] = self.fill_in_by_keyboard()
        with self.page.expect_navigation(wait_until="load"):
            self.send_by_keyboard()

    # Without script, or when a journey is not about the keyboard

    def fill_in(self, given: Given | None = None) -> Given:
        """Answer the question being shown with the form's own controls, without sending it; at random if not told."""
        page = self.page
        self.interactions.add(self.interaction)
        given = given or self.some_response()
        match self.interaction:
            case "single_choice":
                self._check(f'input[name=choice][value="{given["choice"]}"]')
            case "multiple_choice":
                for value in given["choices"]:
                    self._check(f'input[name=choices][value="{value}"]')
            case "zone":
                for value in given["zones"]:
                    self._check(f'input[name=zones][value="{value}"]')
            case "order":
                self._order(given["order"])
            case "match":
                for option, category in given["pairs"].items():
                    field = page.locator(f'[name="match-{option}"]')
                    if field.first.evaluate("(node) => node.tagName") == "SELECT":
                        field.select_option(category)
                    else:
                        self._check(f'input[name="match-{option}"][value="{category}"]')
            case "short_text":
                page.fill("input[name=text]", given["text"])
            case _:
                page.fill("input[name=number]", given["number"])
        return given

    def some_response(self) -> Given:
        """A response the fields of the page can take."""
        rng = self.rng
        match self.interaction:
            case "single_choice":
                return {"choice": rng.choice(self._values("input[name=choice]"))}
            case "multiple_choice":
                values = self._values("input[name=choices]")
                return {"choices": [value for value in values if rng.random() < 0.5] or values[:1]}
            case "zone":
                return {"zones": [rng.choice(self._values("input[name=zones]"))]}
            case "order":
                names = self._names(".step-row select")
                return {"order": [name.removeprefix("order-") for name in rng.sample(names, len(names))]}
            case "match":
                pairs = {}
                for name in self._names("[name^=match-]"):
                    values = self._values(f'input[name="{name}"], select[name="{name}"] option')
                    pairs[name.removeprefix("match-")] = rng.choice([value for value in values if value])
                return {"pairs": pairs}
            case "short_text":
                return {"text": rng.choice(["MSSanté", "DMP", "RPPS"])}
            case _:
                return {"number": rng.choice(["12", "3,5", "72"])}

    def _order(self, wanted: Sequence[str]) -> None:
        if not self.page.locator(".step-row .moves").count():
            for place, option in enumerate(wanted, start=1):
                self.page.select_option(f'select[name="order-{option}"]', str(place))
            return
        # by the buttons, from the first place to the last; each moves its step one place up
        self.page.locator(".step-row:last-child .moves button").first.click()
        for place, option in enumerate(wanted):
            standing = [name.removeprefix("order-") for name in self._names(".step-row select")]
            row = self.page.locator(f'.step-row:has(select[name="order-{option}"])')
            for _ in range(standing.index(option) - place):
                row.locator(".moves button").first.click()

    def send(self) -> None:
        """Press the button that sends the answer."""
        self.page.locator("[data-submit]").click()

    def answer(self, given: Given | None = None) -> None:
        """One question, from reading it to the next page."""
        position = self.position
        assert position is not None
        self.given[position] = self.fill_in(given)
        with self.page.expect_navigation(wait_until="load"):
            self.send()

    def entered(self) -> Given | None:
        """What the fields of the page hold now."""
        found: Given | None = self.page.evaluate(
            """() => {
              const data = new FormData(document.querySelector("form[data-player]"));
              const named = (prefix) => [...data].filter(([k, v]) => k.startsWith(prefix) && v)
                .map(([k, v]) => [k.slice(prefix.length), v]);
              if (data.get("choice")) return { choice: data.get("choice") };
              if (data.getAll("choices").length) return { choices: data.getAll("choices") };
              if (data.getAll("zones").length) return { zones: data.getAll("zones") };
              if (named("order-").length)
                return { order: named("order-").sort((a, b) => a[1] - b[1]).map(([k]) => k) };
              if (named("match-").length) return { pairs: Object.fromEntries(named("match-")) };
              if (data.get("text")) return { text: data.get("text") };
              if (data.get("number")) return { number: data.get("number") };
              return null;
            }"""
        )
        return found

    def _check(self, selector: str) -> None:
        field = self.page.locator(selector)
        label: Locator = field.locator("xpath=ancestor::label")
        if not field.is_checked():
            label.click()

    def _values(self, selector: str) -> list[str]:
        found: list[str] = self.page.locator(selector).evaluate_all("(all) => all.map((one) => one.value)")
        return found

    def _names(self, selector: str) -> list[str]:
        found: list[str] = self.page.locator(selector).evaluate_all(
            "(all) => [...new Set(all.map((one) => one.name))]"
        )
        return found


def right_response(item: Mapping[str, Any]) -> Given:
    """Full credit for an item as its author wrote it."""
    match item["interaction"]:
        case "single_choice":
            return {"choice": item["key"]}
        case "multiple_choice":
            return {"choices": item["key"]}
        case "zone":
            return {"zones": item["key"]}
        case "order":
            return {"order": item["key"]}
        case "match":
            return {"pairs": item["key"]}
        case "short_text":
            return {"text": item["accepted"][0]}
        case _:
            return {"number": str(item["key"])}


def wrong_response(item: Mapping[str, Any]) -> Given:
    """No credit for an item as its author wrote it."""
    match item["interaction"]:
        case "single_choice":
            return {"choice": next(one["id"] for one in item["options"] if one["id"] != item["key"])}
        case "multiple_choice":
            return {"choices": item["key"][:1]}
        case "zone":
            return {"zones": [next(one["id"] for one in item["options"] if one["id"] not in item["key"])]}
        case "order":
            return {"order": item["key"][::-1]}
        case "match":
            category = item["categories"][0]["id"]
            return {"pairs": dict.fromkeys(item["key"], category)}
        case "short_text":
            return {"text": "je ne sais pas"}
        case _:
            return {"number": "-99"}


def same(given: Given | None, stored: Given | None) -> bool:
    """Whether a stored response is what was given; choices and zones have no order."""
    if given is None or stored is None or given.keys() != stored.keys():
        return given == (stored or None)
    field = next(iter(given))
    if field in ("choices", "zones"):
        return sorted(given[field]) == sorted(stored[field])
    return bool(given[field] == stored[field])


def deadline_of(server: ServedDatabase, candidate: Candidate) -> datetime:
    """The deadline as stored."""
    deadline = history(server.url, candidate.sitting).sitting.deadline_at
    assert deadline is not None
    return deadline


def assert_kept(candidate: Candidate, server: ServedDatabase) -> None:
    """Every answer is stored once, in its place, as it was given; replaying the sitting gives the same again."""
    stored = history(server.url, candidate.sitting)
    assert stored.faults() == []
    assert [response.position for response in stored.responses] == sorted(candidate.given)
    changed = [r.position for r in stored.responses if not same(candidate.given[r.position], r.response)]
    assert changed == []
    assert server.replay(candidate.sitting) == "identical"
