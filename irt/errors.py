"""What can be wrong with what the caller handed over.

    IrtError
    ├── InvalidParameters     an item parameter breaks its bounds: argument, index
    ├── InvalidBlueprint      the tree of constraints is malformed: field, node
    ├── InfeasibleBlueprint   no test can satisfy the tree: node, needed, available
    ├── InvalidRules          a rule of the test design is out of range: argument
    ├── InvalidResponses      responses that no sitting of this policy can hold: argument, position
    └── NotReportable         a measure whose outcome forbids reporting was required: outcome

Facts are attributes, so that a caller can translate an index into a name of its own. What is a fact of
the *data* (too few responses, nothing left to ask) is never an error: it is an outcome in the result.
"""

from __future__ import annotations


class IrtError(Exception):
    """Root of every error that this package raises on purpose."""


class InvalidParameters(IrtError):
    """An item parameter is missing, not finite or out of its bounds."""

    def __init__(self, argument: str, index: int | None, problem: str) -> None:
        self.argument = argument
        self.index = index
        self.problem = problem
        where = argument if index is None else f"{argument}[{index}]"
        super().__init__(f"{where}: {problem}")


class InvalidBlueprint(IrtError):
    """The tree of constraints is malformed; says nothing yet about feasibility."""

    def __init__(self, field: str, node: int | None, problem: str) -> None:
        self.field = field
        self.node = node
        self.problem = problem
        where = field if node is None else f"{field}[{node}]"
        super().__init__(f"{where}: {problem}")


class InfeasibleBlueprint(IrtError):
    """The row of `node` asks for `needed` items where `available` can be had."""

    def __init__(self, node: int, needed: int, available: int) -> None:
        self.node = node
        self.needed = needed
        self.available = available
        super().__init__(f"node {node} needs {needed} items, {available} can be had")


class InvalidRules(IrtError):
    """A rule of the test design is out of range or contradicts another one."""

    def __init__(self, argument: str, problem: str) -> None:
        self.argument = argument
        self.problem = problem
        super().__init__(f"{argument}: {problem}")


class InvalidResponses(IrtError):
    """Responses that cannot come from a sitting of this policy (unknown item, twice, no such score)."""

    def __init__(self, argument: str, position: int | None, problem: str) -> None:
        self.argument = argument
        self.position = position
        self.problem = problem
        where = argument if position is None else f"{argument}[{position}]"
        super().__init__(f"{where}: {problem}")


class NotReportable(IrtError):
    """A measure was required although its outcome says that it must not be reported."""

    def __init__(self, outcome: str) -> None:
        self.outcome = outcome
        super().__init__(outcome)
