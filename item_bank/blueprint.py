"""A design against a release: the tree of constraints, the rules and the items that may be asked.

Items are counted on one tree (test > domain > competence > topic), as ``irt.shadow`` wants it. A blueprint
that no test of the bank can meet is refused here, and the row that cannot be met is named in words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from irt.constraints import Constraints, absorb, assemble
from irt.exposure import Eligibility, SympsonHetter
from irt.policy import (
    ChangeStop,
    ClassificationStop,
    InformationStop,
    IntervalStop,
    LevelStop,
    Method,
    Policy,
    PrecisionStop,
    RatioStop,
    Rules,
    TimeStop,
    compile_policy,
)
from irt.policy import StoppingRule as StoppingTest
from irt.profile import ProfileModel
from irt.selection import Criterion
from irt.shadow import BlueprintTree, prepare, shadow_test
from irt.types import BoolArray
from item_bank import files
from item_bank.design import (
    EVERY,
    Attribute,
    Design,
    Quota,
    Scope,
    StoppingRule,
    StopTest,
    unknown_nodes,
    with_shares,
)
from item_bank.errors import BlueprintInfeasible, InvalidDesign, InvalidRelease, QuotaInfeasible, raise_if
from item_bank.files import Content, Problem
from item_bank.release import Release
from item_bank.release import compile as compile_release

ROOT = "test"


class Node(NamedTuple):
    """A node of the tree: ``test`` or a scope of the blueprint, the id there, and words for an error."""

    scope: str
    id: str
    label: str


@dataclass(frozen=True, eq=False)
class CompiledDesign:
    """A design ready for ``irt.policy``.

    `nodes` name the nodes of `tree`, `available` (n_items,) are the items this design may ask from the start.
    The rows of `design` are written out: shares of a référentiel have become bounds.
    """

    design: Design
    tree: BlueprintTree
    rules: Rules
    nodes: tuple[Node, ...]
    available: BoolArray

    def policy(self, release: Release) -> Policy:
        """Compile the policy that serves, simulates and replays this design."""
        return compile_policy(release.parameters, self.tree, self.rules)


class Checked(NamedTuple):
    """A content folder read, compiled and tried: the release is None when nothing can be compiled."""

    content: Content
    problems: tuple[Problem, ...]
    release: Release | None


def compile_design(
    release: Release, design: Design, *, profession: str | None = None, withdrawn: Iterable[str] = ()
) -> CompiledDesign:
    """Compile a design against a release, for everybody or for one profession.

    Raises
    ------
    InvalidDesign
        If a row names what the framework of the release does not have.
    BlueprintInfeasible
        If no test meets the blueprint with the items available; names the row.
    InvalidRelease
        If there is no such profession.
    """
    raise_if(list(unknown_nodes(design, release.framework)), InvalidDesign, design.id)
    design = with_shares(design, release.framework)
    available = release.available(profession, withdrawn, pool=design.pool)
    tree, nodes = _tree(release, design)
    trial = shadow_test(prepare(tree), np.zeros(len(release)), [], design.length, available=available)
    if not trial.feasible:
        node = nodes[trial.node or 0]
        raise BlueprintInfeasible(
            design.id, node.id, node.label, int(trial.needed or 0), int(trial.available_count or 0)
        )
    rules = _rules(release, design)
    if rules.constraints is not None:
        wider, rows = absorb(tree, rules.constraints)
        if rows:
            gain = np.zeros(len(release))
            unmet = assemble(prepare(wider), rows, gain, [], design.length, available=available).unmet
            if unmet:
                raise QuotaInfeasible(design.id, unmet[-1], quota_label(design.quotas[unmet[-1]]))
    return CompiledDesign(design, tree, rules, nodes, available)


def quota_label(quota: Quota) -> str:
    """Name a quota for an error: ``level 6 (at most 4)``."""
    bounds = [
        f"{word} {bound}"
        for word, bound in (("at least", quota.minimum), ("at most", quota.maximum))
        if bound is not None
    ]
    return f"{quota.attribute}{f' {quota.value}' if quota.value else ''} ({', '.join(bounds)})"


def professions_served(release: Release, design: Design) -> tuple[str, ...]:
    """Return the professions for which the bank can give this design."""
    served = []
    for profession in release.professions_of(design.pool):
        try:
            compile_design(release, design, profession=profession)
        except BlueprintInfeasible:
            continue
        served.append(profession)
    return tuple(served)


def check(folder: Path | str) -> Checked:
    """Read a content folder, compile it and try its designs: all that ``palier bank check`` has to tell."""
    content, problems = files.read(folder)
    try:
        release = compile_release(content)
    except InvalidRelease as error:
        # Without a framework the reading has said why; without items this is the first to say it.
        nothing = () if problems else (Problem("items", 1, "", f"{error}."),)
        return Checked(content, (*problems, *nothing), None)
    found = list(problems)
    for design in content.designs:
        try:
            compile_design(release, design)
        except BlueprintInfeasible as error:
            found.append(_infeasible_row(content, design, error))
        except InvalidDesign:
            # A row names part of a domain file that could not be read: that file has its own problem.
            continue
    return Checked(content, tuple(sorted(found)), release)


def _infeasible_row(content: Content, design: Design, error: BlueprintInfeasible) -> Problem:
    if isinstance(error, QuotaInfeasible):
        origin = content.origins.get(design.id, files.Origin(f"designs/{design.id}.yaml", 1))
        message = f"{error}."
        return Problem(origin.file, origin.line, error.node, message, "Widen its bounds.", design.id)
    framework = content.framework
    scope = Scope.DOMAIN
    if framework is not None and error.node in framework.competences:
        scope = Scope.COMPETENCE
    elif framework is not None and error.node in framework.topics:
        scope = Scope.TOPIC
    row = next(
        (
            index
            for wanted in (error.node, EVERY)
            for index, row in enumerate(design.rows)
            if row.scope is scope and row.id == wanted
        ),
        None,
    )
    name = design.id if row is None else files.row_name(design.id, row)
    origin = content.origins.get(name, files.Origin(f"designs/{design.id}.yaml", 1))
    return Problem(
        origin.file,
        origin.line,
        "length" if row is None else f"blueprint[{row}]",
        f"the row of {error.label} cannot be met: it needs {error.needed} and can have {error.available}.",
        "Write more items there, or lower the minimum.",
        design.id,
    )


def _tree(release: Release, design: Design) -> tuple[BlueprintTree, tuple[Node, ...]]:
    minimum = design.stopping.minimum_length if design.stopping.tests else design.length
    nodes = [Node(ROOT, ROOT, f"the whole test ({design.length} items)")]
    parent, bounds = [-1], [(minimum, design.length)]
    leaf_of: dict[str, int] = {}

    def add(scope: Scope, node_id: str, heading: str, above: int) -> int:
        nodes.append(Node(scope, node_id, f"the {scope} {node_id} ({heading})"))
        parent.append(above)
        bounds.append(design.bounds(scope, node_id))
        return len(nodes) - 1

    for domain in release.framework.domains:
        domain_node = add(Scope.DOMAIN, domain.id, domain.heading, 0)
        for competence in domain.competences:
            competence_node = add(Scope.COMPETENCE, competence.id, competence.heading, domain_node)
            for topic in competence.topics:
                leaf_of[topic.id] = add(Scope.TOPIC, topic.id, topic.heading, competence_node)
    tree = BlueprintTree(
        parent=parent,
        lower=[low for low, _ in bounds],
        upper=[high for _, high in bounds],
        leaf=[leaf_of[record["topic"]] for record in release.records],
        testlet=release.testlet,
        testlet_position=release.testlet_position,
        max_testlets=design.max_testlets,
    )
    return tree, tuple(nodes)


def _rules(release: Release, design: Design) -> Rules:
    framework, stopping, selection = release.framework, design.stopping, design.selection
    n_domains = len(framework.domains)
    correlation = np.full((n_domains, n_domains), framework.domain_correlation)
    np.fill_diagonal(correlation, 1.0)
    return Rules(
        length=design.length,
        minimum_length=stopping.minimum_length,
        cuts=np.array(framework.cuts),
        minimum_responses=design.minimum_responses,
        stopping=tuple(_stopping_test(test) for test in stopping.tests),
        criterion=Criterion(selection.criterion.value),
        acceleration=selection.acceleration,
        n_strata=selection.strata,
        blocking=selection.blocking,
        method=Method(selection.method.value),
        constraints=_constraints(release, design),
        eligibility=_eligibility(release, design),
        sympson_hetter=_sympson_hetter(release, design),
        randomesque=selection.randomesque,
        prefer_testlets=selection.prefer_testlets,
        profile=ProfileModel(correlation),
    )


def _stopping_test(test: StopTest) -> StoppingTest:
    values = dict(test.values)
    match test.rule:
        case StoppingRule.STANDARD_ERROR:
            return PrecisionStop(values["standard_error"])
        case StoppingRule.CLASSIFICATION:
            return ClassificationStop(values["cut"], values["confidence"])
        case StoppingRule.INTERVAL:
            return IntervalStop(values["cut"], values["confidence"])
        case StoppingRule.LEVEL:
            return LevelStop(values["confidence"])
        case StoppingRule.INFORMATION:
            return InformationStop(values["information"])
        case StoppingRule.CHANGE:
            return ChangeStop(values["change"])
        case StoppingRule.RATIO:
            generalized = bool(values.get("generalized", False))
            return RatioStop(
                values["cut"], values["half_width"], values["alpha"], values["beta"], generalized
            )
        case StoppingRule.TIME:
            return TimeStop(values["seconds"])
        case StoppingRule.LENGTH:
            raise InvalidDesign(str(test.rule), [])


def _constraints(release: Release, design: Design) -> Constraints | None:
    enemies = [
        (item, enemy)
        for item, members in enumerate(release.enemies if design.enemies_apart else ())
        for enemy in members
        if item < enemy
    ]
    if not enemies and not design.quotas:
        return None
    unlimited = float("inf")
    return Constraints(
        enemies,
        [_coefficients(release, quota) for quota in design.quotas] or None,
        [-unlimited if quota.minimum is None else quota.minimum for quota in design.quotas],
        [unlimited if quota.maximum is None else quota.maximum for quota in design.quotas],
    )


def _coefficients(release: Release, quota: Quota) -> list[float]:
    if quota.attribute is Attribute.WORDS:
        return [float(count) for count in release.words]
    if quota.attribute is Attribute.PROFESSION:
        return [float(quota.value in record["professions"]) for record in release.records]
    name = str(quota.attribute)
    return [float(str(record[name]) == quota.value) for record in release.records]


def _sympson_hetter(release: Release, design: Design) -> SympsonHetter | None:
    if not design.exposure.sympson_hetter:
        return None
    probabilities = np.ones(len(release))
    for item_id, probability in design.exposure.sympson_hetter:
        if item_id in release.index:
            probabilities[release.index[item_id]] = probability
    return SympsonHetter(probabilities)


def _eligibility(release: Release, design: Design) -> Eligibility | None:
    exposure = design.exposure
    if not exposure.eligibility:
        return None
    probabilities = np.ones((len(exposure.edges) + 1, len(release)))
    for item_id, bands in exposure.eligibility:
        # A design outlives the items it was fitted with: those that are gone have nothing to limit.
        if item_id in release.index:
            probabilities[:, release.index[item_id]] = bands
    return Eligibility(probabilities, np.array(exposure.edges))
