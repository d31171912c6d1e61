"""From the fields of the answer form to a canonical response.

The fields are `choice`, `choices` (repeated), `order-<option>` = 1..n, `match-<option>` = category, `text`,
`number` and `zones` (repeated). Only what a form can get wrong by itself is told here; `item_bank.scoring.parse`
judges the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.web.views import Entered, Interaction, ResponseProblem


class FormFields(Protocol):
    """A multi-valued form, such as `starlette.datastructures.FormData`."""

    def multi_items(self) -> Sequence[tuple[str, object]]: ...


@dataclass(frozen=True)
class Submission:
    """What was entered, its canonical form (None when nothing was), and what the form cannot mean."""

    entered: Entered
    response: Mapping[str, object] | None
    problem: ResponseProblem = ""


def read_submission(interaction: Interaction, form: FormFields) -> Submission:
    """Read the answer form of a question of this interaction; fields of other interactions are ignored."""
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]

    def last(wanted: str) -> str:
        return next((value.strip() for name, value in reversed(fields) if name == wanted), "")

    def prefixed(prefix: str) -> dict[str, str]:
        return {name.removeprefix(prefix): value.strip() for name, value in fields if name.startswith(prefix)}

    match interaction:
        case "single_choice":
            choice = last("choice")
            return Submission(Entered(choice=choice), {"choice": choice} if choice else None)
        case "multiple_choice":
            choices = list(dict.fromkeys(value for name, value in fields if name == "choices" and value))
            return Submission(Entered(choices=frozenset(choices)), {"choices": choices} if choices else None)
        case "zone":
            zones = list(dict.fromkeys(value for name, value in fields if name == "zones" and value))
            return Submission(Entered(zones=frozenset(zones)), {"zones": zones} if zones else None)
        case "order":
            return _order(prefixed("order-"))
        case "match":
            pairs = prefixed("match-")
            chosen = {option: category for option, category in pairs.items() if category}
            problem: ResponseProblem = "match_incomplete" if 0 < len(chosen) < len(pairs) else ""
            return Submission(Entered(pairs=chosen), {"pairs": chosen} if chosen else None, problem)
        case "short_text":
            text = last("text")
            return Submission(Entered(text=text), {"text": text} if text else None)
        case "numeric":
            number = last("number")
            return Submission(Entered(number=number), {"number": number} if number else None)


def _order(places: Mapping[str, str]) -> Submission:
    entered = Entered(positions={option: place for option, place in places.items() if place})
    if not entered.positions:
        return Submission(entered, None)
    by_place = {place: option for option, place in places.items()}
    expected = [str(number) for number in range(1, len(places) + 1)]
    if sorted(by_place) != sorted(expected):
        return Submission(entered, None, "order_incomplete")
    return Submission(entered, {"order": [by_place[place] for place in expected]})
