"""Pages of launch links."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from app.web.views import View


@dataclass(frozen=True)
class LaunchRefusedView(View):
    """A link that opens nothing."""

    template: ClassVar[str] = "embedding/refused.html"

    reason: Literal["expired", "used", "unknown"]


@dataclass(frozen=True)
class LaunchWindowView(View):
    """The browser keeps no cookie here: the sitting opens in a window of its own, where there is a frame to leave."""

    template: ClassVar[str] = "embedding/window.html"

    href: str = ""  # empty outside a frame: no window would help
    reason: str = "cookies"
