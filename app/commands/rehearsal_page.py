"""The page of a rehearsed launch, in the look of the other reports."""

from __future__ import annotations

from markupsafe import Markup, escape

from app.calibration.rehearsal import Rehearsal
from app.commands.plots import Cells, Level, Series, figure, lines, number, table
from app.commands.report import document


def page(found: Rehearsal, words: list[str]) -> str:
    """The whole file."""
    alone, after = found.rows[0], found.rows[3]
    summary = (
        ("Learners", f"{found.learners:,}"),
        ("Levels wrong, experts alone", f"{alone.levels:.1%}"),
        ("Levels wrong, after promotion", f"{after.levels:.1%}"),
        ("Pass decisions wrong, experts alone", f"{alone.decisions:.1%}"),
        ("Pass decisions wrong, after promotion", f"{after.decisions:.1%}"),
    )
    entries = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in summary
    )
    told = "".join(f"<p>{escape(line)}</p>" for line in words)
    head = Markup(f'<dl class="figures">{entries}</dl>{told}')  # noqa: S704 - texts are escaped
    launches = [
        (
            row.name, f"{row.levels:.1%}", f"{row.by_two:.1%}", f"{row.passed:.1%}", f"{row.failed:.1%}",
            number(row.bias),
            number(row.rmse), f"{row.max_exposure:.1%}", str(row.items_used),
            ", ".join(number(cut, 2) for cut in row.cuts),
        )
        for row in found.rows
    ]  # fmt: skip
    heads = (
        "launch", "levels wrong", "by two", "pass, should not", "fail, should not", "bias", "RMSE", "highest exposure",
        "items used", "cuts",
    )  # fmt: skip
    series = [
        Series(row.name, row.by_level) for row in (found.rows[0], found.rows[2], found.rows[3], found.rows[4])
    ]
    names = ", ".join(f"{place}: {label}" for place, label in enumerate(found.level_labels))
    bias = figure(
        "Bias by true level",
        f"Mean of estimate minus truth, logits, of the learners whose true level it is. {names}.",
        lines(
            list(range(len(found.level_labels))),
            series,
            x_label="true level",
            y_label="bias, logits",
            alternative="Bias by true level of four ways of launching; the table below holds the values.",
            levels=(Level(0.0, "no bias"),),
        ),
        Cells(
            ("launch", *found.level_labels),
            [(row.name, *(number(value, 2) for value in row.by_level)) for row in found.rows],
        ),
    )
    known = [
        (
            name,
            number(own["b_correlation"]),
            number(own["b_bias"]),
            number(own["b_rmse"]),
            number(own["log_a_rmse"]),
        )
        for name, own in found.recovery.items()
    ]
    settings = [
        ("design", found.design),
        ("seed", str(found.seed)),
        ("release", found.release),
        ("true cuts", ", ".join(number(cut, 2) for cut in found.true_cuts)),
        ("standard error of the cuts", ", ".join(number(error) for error in found.cut_errors)),
        (
            "items with fewer than 300 responses",
            f"{len(found.short)}, fewest {min(found.short.values(), default=0)}",
        ),
        *((f"the experts miss: {name}", f"{value:g}") for name, value in vars(found.miss).items()),
    ]
    sections = Markup("\n").join(
        [
            Markup("<section><h2>Five ways of launching</h2>{}</section>").format(
                table(Cells(heads, launches), "The same learners with the same luck")
            ),
            bias,
            Markup("<section><h2>What the calibration found</h2>{}</section>").format(
                table(
                    Cells(
                        ("parameters", "correlation of b", "bias of b", "RMSE of b", "RMSE of log a"), known
                    ),
                    "Against the true parameters",
                )
            ),
            Markup("<section><h2>Settings</h2>{}</section>").format(
                table(Cells(("setting", "value"), settings), "What was rehearsed", figures=False)
            ),
        ]
    )
    return document(f"Rehearsal of {found.design}", "rehearsal of a launch", head, sections)
