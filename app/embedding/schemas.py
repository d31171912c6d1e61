"""The wire forms of `/v1/launches`."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.wire.schemas import Wire


class LaunchIn(Wire):
    """What to open: a sitting of yours, or what makes one (`design` or `campaign`)."""

    sitting: Annotated[UUID | None, Field(description="a sitting made before, to open or to go on with")] = (
        None
    )
    design: Annotated[
        str | None,
        Field(
            description="key of a test design: a new sitting of it", max_length=64, examples=["certification"]
        ),
    ] = None
    campaign: Annotated[
        UUID | None,
        Field(description="a campaign of yours: the learner's sitting that is not finished, else a new one"),
    ] = None
    learner: Annotated[
        str | None,
        Field(
            description="your own pseudonymous identifier of the learner; never a name or an e-mail address",
            min_length=1,
            max_length=128,
            examples=["etu-2026-0042"],
        ),
    ] = None
    profession: Annotated[str | None, Field(description="as for a sitting")] = None
    referentiel: Annotated[str | None, Field(description="as for a sitting", max_length=60)] = None
    language: Annotated[str | None, Field(description="of the questions, as for a sitting", max_length=8)] = (
        None
    )
    return_url: Annotated[
        str | None,
        Field(
            description="where the last page leads back to, at one of the institution's `frame_ancestors`: "
            "`https://lms.example.org/course/12`",
            max_length=1000,
        ),
    ] = None
    theme: Annotated[
        Literal["light", "dark", "auto"] | None,
        Field(description="of the pages; `auto` follows the device", examples=["auto"]),
    ] = None
    accent: Annotated[
        str | None,
        Field(
            description="a colour in place of the institution's, `#0b5563`; refused where it could not be read",
            pattern=r"^#[0-9a-fA-F]{6}$",
        ),
    ] = None
    lang: Annotated[
        Literal["fr", "en"] | None, Field(description="of the pages around the questions", examples=["fr"])
    ] = None
    lasts: Annotated[
        int, Field(ge=60, le=3600, description="seconds until the link expires", examples=[3600])
    ] = 3600


class LaunchOut(Wire):
    """A link for one learner's browser: it opens the sitting in the first one that follows it."""

    sitting: UUID
    launch_url: Annotated[
        str,
        Field(
            description="told to nobody else: whoever follows it first has the sitting",
            examples=[
                "https://palier.example.org/lancement/eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJwYWxpZXI6bGF1bmNoIn0.c2ln"
            ],
        ),
    ]
    expires_at: datetime
