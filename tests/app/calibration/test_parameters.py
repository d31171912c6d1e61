"""Tables of parameters survive every form, and mean the same curves on either metric."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.calibration import Bank, DataError, parameter_table, read_parameters
from app.calibration.parameters import Form, OneItem
from irt.models import category_probability

THETA = np.linspace(-3, 3, 13)
LOGISTIC = [
    OneItem("i", "2pl", 1.2, (0.5,)),
    OneItem("j", "3pl", 0.8, (-1.0,), 0.2),
    OneItem("k", "4pl", 1.0, (0.0,), 0.1, 0.95),
]
SEVERAL = [
    OneItem("g", "grm", 1.1, (-1.0, 0.2, 1.4)),
    OneItem("p", "gpcm", 0.9, (0.3, -0.4)),
    OneItem("n", "nrm", slopes=(0.0, 0.7, 1.6), intercepts=(0.0, 0.4, -0.3)),
]  # fmt: skip


@pytest.mark.parametrize("scaling", [1.0, 1.702])
@pytest.mark.parametrize("form", ["ab", "slope-intercept", "mirt"])
def test_a_table_written_and_read_again_has_the_same_curves(
    tmp_path: Path, form: Form, scaling: float
) -> None:
    bank = Bank.of(LOGISTIC if form == "ab" else [*LOGISTIC, *SEVERAL])
    parameter_table(bank, form=form, scaling=scaling).write_csv(tmp_path / "table.csv")
    again = read_parameters(tmp_path / "table.csv", form="auto" if form == "ab" else form, scaling=scaling)
    assert again.items == bank.items
    before, after = (category_probability(one.parameters, THETA) for one in (bank, again))
    assert np.abs(before - after).max() < 1e-12


def test_what_mirt_writes_for_a_graded_item_is_read(tmp_path: Path) -> None:
    (tmp_path / "coef.csv").write_text('"","a1","d1","d2"\n"Comfort",2,3,-1\n')
    row = read_parameters(tmp_path / "coef.csv").rows[0]
    assert (row.model, row.a, row.b) == ("grm", 2.0, (-1.5, 0.5))


def test_what_mirt_writes_for_a_partial_credit_item_is_read(tmp_path: Path) -> None:
    (tmp_path / "coef.csv").write_text("item,a1,ak0,ak1,ak2,d0,d1,d2\nx,2,0,1,2,0,1,-1\n")
    row = read_parameters(tmp_path / "coef.csv").rows[0]
    assert (row.model, row.b) == ("gpcm", (-0.5, 1.0))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("item,a,b\ni,-1,0\n", "column i: a must be greater than 0"),
        ("item,a,b\ni,x,0\n", "row 2, column a: “x” is not a number"),
        ("item,a,b\ni,1,\n", "row 2, column b: has no difficulty"),
        ("item,a,b\ni,1,0\ni,1,0\n", "item i stands there twice"),
    ],
)
def test_what_is_wrong_with_a_table_is_named(tmp_path: Path, text: str, where: str) -> None:
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(DataError) as told:
        read_parameters(tmp_path / "table.csv")
    assert where in str(told.value)
