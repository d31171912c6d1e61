"""Institutions from a shell: made, listed, limited; access given back to somebody who lost it; master keys."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

app = typer.Typer(no_args_is_help=True)
console = Console(stderr=True, highlight=False)

ACTOR = "command line"
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
Made = TypeVar("Made")
Limit = Annotated[int | None, typer.Option(min=0, help="absent: as it is")]


def _in_transaction(work: Callable[[AsyncSession], Awaitable[Made]]) -> Made:
    """Do something in one transaction on the configured database; a refusal is said in one line."""
    from app.commands.server import _settings
    from app.db import Database
    from app.errors import AppError

    async def run() -> Made:
        database = Database(_settings())
        try:
            async with database.transaction() as db:
                return await work(db)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except AppError as error:
        console.print(error.detail, markup=False)
        raise typer.Exit(1) from None


@app.command("create")
def create(
    slug: Annotated[str, typer.Argument(help="short name for commands: letters, figures, hyphens")],
    name: Annotated[str, typer.Argument(help="as learners and members read it")],
    owner: Annotated[str, typer.Option(help="e-mail address of its first owner")],
) -> None:
    """Make an institution, and print the link that makes its first owner a member."""
    from app import audit
    from app.auth import accounts
    from app.auth.permissions import Role
    from app.commands.server import _settings
    from app.errors import Conflict
    from app.institutions import service as institutions

    if not SLUG.fullmatch(slug) or len(slug) > 50:
        console.print("SLUG: expected letters, figures and single hyphens, 50 at most", markup=False)
        raise typer.Exit(2)

    async def work(db: AsyncSession) -> str:
        now = datetime.now(UTC)
        institution_id, made = await institutions.ensure_institution(db, slug, name.strip(), now)
        if not made:
            raise Conflict(f"There is an institution `{slug}` already.")
        await audit.record(
            db,
            actor=ACTOR,
            act="institution.created",
            subject=f"institution:{institution_id}",
            facts={"slug": slug},
            now=now,
            tenant=institution_id,
        )
        _, token = await accounts.invite(
            db, institution_id, email=owner, role=Role.OWNER, actor=ACTOR, now=now
        )
        return token

    token = _in_transaction(work)
    console.print(f"Made. Send this link to {owner}: it works once, for seven days.", markup=False)
    typer.echo(f"{_settings().public_url}/espace/invitation/{token}")


@app.command("invite")
def invite(
    slug: str,
    email: str,
    role: Annotated[str, typer.Option(help="owner, manager, psychometrician, jury, ...")] = "owner",
) -> None:
    """Print a link that makes somebody a member, for instance when every owner is gone."""
    from app.auth import accounts
    from app.auth.permissions import Role
    from app.commands.server import _settings

    if role not in set(Role):
        console.print(f"--role: expected one of {', '.join(Role)}", markup=False)
        raise typer.Exit(2)

    async def work(db: AsyncSession) -> str:
        institution_id = await _known(db, slug)
        _, token = await accounts.invite(
            db, institution_id, email=email, role=Role(role), actor=ACTOR, now=datetime.now(UTC)
        )
        return token

    typer.echo(f"{_settings().public_url}/espace/invitation/{_in_transaction(work)}")


@app.command("list")
def list_() -> None:
    """Every institution, its members and its quotas."""
    from app.auth import accounts
    from app.institutions import settings

    async def work(db: AsyncSession) -> list[tuple[str, str, str, str]]:
        return [
            (
                one.slug,
                one.name,
                str(len(await accounts.members(db, one.id))),
                ", ".join(f"{quota} {limit}" for quota, limit in one.quotas.items()) or "none",
            )
            for one in await settings.every(db)
        ]

    table = Table("slug", "name", "members", "quotas")
    for row in _in_transaction(work):
        table.add_row(*row)
    Console().print(table)


@app.command("quota")
def quota(
    slug: str,
    sittings_per_year: Limit = None,
    learners: Limit = None,
    webhooks: Limit = None,
    lift: Annotated[
        list[str] | None, typer.Option(help="a quota to lift: sittings-per-year, learners or webhooks")
    ] = None,
) -> None:
    """Limit what an institution may use; beyond it, requests are refused with `quota_reached`."""
    from app.institutions import settings

    given: dict[settings.Quota, int | None] = {}
    values = (("sittings_per_year", sittings_per_year), ("learners", learners), ("webhooks", webhooks))
    for name in settings.QUOTAS:
        if name in {lifted.replace("-", "_") for lifted in lift or []}:
            given[name] = None
        elif (limit := dict(values)[name]) is not None:
            given[name] = limit

    async def work(db: AsyncSession) -> dict[str, Any]:
        institution_id = await _known(db, slug)
        if given:
            kept = await settings.set_quotas(db, institution_id, given, actor=ACTOR, now=datetime.now(UTC))
        else:
            kept = await settings.of(db, institution_id)
        return dict(kept.quotas)

    for line in [f"{key} {most}" for key, most in _in_transaction(work).items()] or ["no quota"]:
        typer.echo(line)


@app.command("reset-access")
def reset_access(
    email: Annotated[str, typer.Argument(help="of somebody who lost password, telephone or both")],
) -> None:
    """Print a new password for an account; its sessions end, one-time passwords are set up again at sign-in."""
    from app.auth import accounts
    from app.auth.credentials import new_code

    password = f"{new_code()}-{new_code()}"
    password_hash = asyncio.run(accounts.hash_password(password))

    async def work(db: AsyncSession) -> None:
        await accounts.reset_access(db, email, password_hash, ACTOR, datetime.now(UTC))

    _in_transaction(work)
    console.print("Make sure who asks. Tell them this password; they change it on their account's page.")
    typer.echo(password)


def new_key() -> None:
    """Print a new master key, to put first in MASTER_KEYS; keep the former ones after it."""
    from app.secrets import new_master_key

    typer.echo(new_master_key())


async def _known(db: AsyncSession, slug: str) -> Any:
    from app.errors import NotFound
    from app.institutions import service as institutions

    found = await institutions.institution_id(db, slug)
    if found is None:
        raise NotFound(f"There is no institution `{slug}`. `palier institution list` names them.")
    return found
