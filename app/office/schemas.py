"""The wire forms of `/v1/institutions`, `/v1/members` and `/v1/invitations`."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.auth.permissions import Mode, Role
from app.wire.schemas import Cursor, Wire

Colour = Annotated[
    str,
    Field(
        pattern="^#[0-9a-fA-F]{6}$",
        description="`#rrggbb`; refused below a contrast of 4.5 with text and ground, with the `nearest` that passes",
        examples=["#8a1538"],
    ),
]
Name = Annotated[
    str,
    Field(
        min_length=2,
        max_length=200,
        pattern="^[^\\x00]*$",
        description="as learners and members read it",
        examples=["IFSI de Lille"],
    ),
]
Origins = Annotated[
    list[Annotated[str, Field(max_length=300)]],
    Field(
        max_length=20,
        description="origins whose pages may frame those of your learners",
        examples=[["https://lms.example.org"]],
    ),
]
EMAIL = "anne.martin@example.org"


class BrandingOut(Wire):
    """What the pages of the learners wear; null: the look of the house."""

    accent: Annotated[Colour | None, Field(description="in the light theme")]
    accent_dark: Annotated[Colour | None, Field(description="in the dark theme")]
    logo_url: Annotated[str | None, Field(description="of the logo", examples=[None])]


class InstitutionOut(Wire):
    """An institution, or its twin of test mode."""

    id: Annotated[UUID, Field(examples=["019a1f0e-7d3c-7a51-b0a4-d5f6c7e8f901"])]
    slug: Annotated[str, Field(examples=["ifsi-lille"])]
    name: Name
    mode: Mode
    branding: BrandingOut
    frame_ancestors: Origins
    quotas: Annotated[
        dict[str, int],
        Field(
            description="`sittings_per_year`, `learners`, `webhooks`, set by the operator; absent: no limit",
            examples=[{"learners": 10000}],
        ),
    ]
    created_at: datetime


class InstitutionListOut(Wire):
    """The institutions of a caller."""

    data: list[InstitutionOut]
    next: Cursor


class BrandingChange(Wire):
    """Both colours at once: without `accent_dark` it is derived; null as `accent` is the house's again."""

    accent: Colour | None
    accent_dark: Colour | None = None


class InstitutionChange(Wire):
    """What to change; what is absent stays."""

    name: Name | None = None
    branding: BrandingChange | None = None
    frame_ancestors: Origins | None = None


class MemberOut(Wire):
    """Somebody who works for the institution."""

    id: Annotated[UUID, Field(examples=["019a1f0e-7d3c-7a51-b0a4-d5f6c7e8f902"])]
    email: Annotated[str, Field(examples=[EMAIL])]
    name: Annotated[str, Field(examples=["Anne Martin"])]
    role: Role
    verified_twice: Annotated[bool, Field(description="signs in with one-time passwords too")]
    created_at: datetime


class MemberListOut(Wire):
    """A page of members, by address."""

    data: list[MemberOut]
    next: Cursor


class InvitationIn(Wire):
    """Whom to invite, and as what; a key invites to roles that do not go further than itself."""

    email: Annotated[str, Field(min_length=3, max_length=254, examples=[EMAIL])]
    role: Annotated[Role, Field(examples=["viewer"])]


class InvitationOut(Wire):
    """An invitation that can still be accepted."""

    id: Annotated[UUID, Field(examples=["019a1f0e-7d3c-7a51-b0a4-d5f6c7e8f903"])]
    email: Annotated[str, Field(examples=[EMAIL])]
    role: Role
    invited_by: Annotated[str, Field(examples=["key:019a1f0e-1111-7a51-b0a4-d5f6c7e8f901"])]
    created_at: datetime
    expires_at: datetime


class InvitationWithLinkOut(InvitationOut):
    """The same, with its link, told only once: send it to the address yourself."""

    link: Annotated[str, Field(examples=["https://palier.example.org/espace/invitation/pli_Zk3QxO0vJ3uY"])]


class InvitationListOut(Wire):
    """A page of invitations, newest first."""

    data: list[InvitationOut]
    next: Cursor
