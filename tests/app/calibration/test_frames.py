"""Responses are read in every form they come in, and whatever is wrong is told with its row and column."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from app.calibration import DataError, read
from tests.app.calibration.world import long, right_or_wrong, wide

TABLE = right_or_wrong(60, 5)


def test_wide_long_csv_parquet_polars_pandas_and_arrow_are_the_same_responses(tmp_path: Path) -> None:
    flat, tall = wide(TABLE), long(TABLE)
    flat.write_csv(tmp_path / "wide.csv")
    (tmp_path / "wide.csv.gz").write_bytes(gzip.compress((tmp_path / "wide.csv").read_bytes()))
    tall.write_csv(tmp_path / "long.csv", separator=";")
    tall.write_parquet(tmp_path / "long.parquet")
    sources = [
        flat,
        tall,
        tall.lazy(),
        tall.to_arrow(),
        pd.DataFrame(flat.to_dict(as_series=False)),
        *(tmp_path / name for name in ("wide.csv", "wide.csv.gz", "long.csv", "long.parquet")),
    ]
    found = [read(source).responses for source in sources]
    for one in found[1:]:
        assert np.array_equal(one.codes, found[0].codes)
        assert np.array_equal(one.indptr, found[0].indptr)
    assert np.array_equal(found[0].score.reshape(TABLE.shape), TABLE)


def test_semicolons_and_decimal_commas_are_read(tmp_path: Path) -> None:
    (tmp_path / "french.csv").write_text("person;item;score;weight\np;i;1,0;1,5\np;j;0;1,5\nq;i;0;1\n")
    found = read(tmp_path / "french.csv")
    assert found.responses.weight.tolist() == [1.5, 1.0]
    assert found.responses.score.tolist() == [1, 0, 0]


def test_empty_and_na_are_missing_and_nine_only_when_told(tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text("i,j,k\n1,,0\n0,1,NA\nN/A,1,9\n")
    with pytest.raises(DataError, match="never 1"):
        read(tmp_path / "codes.csv")
    assert read(tmp_path / "codes.csv", na=("", "NA", "N/A", "9")).responses.n_responses == 5


def test_nine_is_missing_in_a_table_of_numbers_too() -> None:
    table = pl.DataFrame({"i": [1, 0, 9], "j": [0, 1, 1]})
    assert read(table, na=("9",)).responses.n_responses == 5


def test_an_omitted_answer_counts_as_told_and_one_not_reached_is_missing() -> None:
    table = pl.DataFrame(
        {
            "person": ["p"] * 3,
            "item": ["i", "j", "k"],
            "score": [1, None, 1],
            "outcome": ["answered", "omitted", "not_reached"],
        }
    )
    assert read(table).responses.score.tolist() == [1, 0]
    assert read(table, omitted="missing").responses.score.tolist() == [1]
    assert read(table).left[0].count == 1


def test_a_code_for_omitted_counts_as_wrong_in_a_wide_table() -> None:
    found = read(pl.DataFrame({"i": ["1", "o"], "j": ["0", "1"]}), omitted_codes=("o",))
    assert found.responses.score.tolist() == [1, 0, 0, 1]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("person,item,score\np,i,1\np,i,0\n", "row 3, column score: duplicate answer: person p answered i before"),
        ("person,item,score\np,i,1\np,j,1.5\n", "row 3, column score: impossible score 1.5"),
        ("person,item,score\np,i,-1\n", "row 2, column score: impossible score -1"),
        ("person,item,score\np,i,yes\n", "row 2, column score: “yes” is not a score"),
        ("person,item,score\n,i,1\n", "row 2, column person: is empty"),
        ("i,j\n1,0\n0,2x\n", "row 3, column j: “2x” is not a score"),
        ("person,i,j\np,1,0\np,0,1\n", "row 3, column person: person p has a row already"),
        ("i,j\n1,99\n0,1\n", "row 2, column j: impossible score 99"),
        ("person,item\np,i\n", "column item: “"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_row_and_column(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text(text)
    with pytest.raises(DataError) as told:
        read(path)
    assert where in str(told.value)


def test_an_unknown_item_is_named() -> None:
    with pytest.raises(DataError, match=r"row 2, column item: unknown item j"):
        read(pl.DataFrame({"person": ["p", "p"], "item": ["i", "j"], "score": [1, 0]}), items=["i"])


def test_a_score_beyond_the_stated_ones_is_impossible() -> None:
    with pytest.raises(DataError, match="scored 0 to 1"):
        read(pl.DataFrame({"i": [0, 2], "j": [0, 1]}), n_categories={"i": 2})


def test_mixed_encodings_are_named_by_row(tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_bytes("person,item,score\nélève,i,1\n".encode() + "élève2,i,0\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"row 3: mixed encodings: UTF-8 in row 2"):
        read(path)


def test_a_latin_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes("person,item,score\nélève,i,1\nautre,i,0\n".encode("latin-1"))
    assert read(path).persons == ("élève", "autre")


def test_persons_without_an_answer_are_counted_and_left_out() -> None:
    found = read(pl.DataFrame({"i": [1, None, 0], "j": [0, None, 1]}))
    assert found.responses.n_persons == 2
    assert [(left.reason, left.count) for left in found.left] == [("persons without an answer", 1)]


def test_scores_from_one_to_four_are_closed_up_only_when_told() -> None:
    table = pl.DataFrame({"i": [1, 2, 3, 4], "j": [0, 1, 0, 1]})
    with pytest.raises(DataError, match="column i: has scores up to 4 but never 0"):
        read(table)
    found = read(table, recode=True)
    assert found.n_categories == (4, 2)
    assert found.left[0].items == ("i",)


def test_a_person_in_two_groups_is_refused() -> None:
    table = pl.DataFrame({"person": ["p", "p"], "item": ["i", "j"], "score": [1, 0], "form": ["A", "B"]})
    with pytest.raises(DataError, match="row 2, column form: person p is in two groups"):
        read(table, group="form")


def test_the_reference_group_comes_first() -> None:
    table = wide(TABLE).with_columns(pl.Series("form", ["B", "A"] * 30))
    found = read(table, group="form", reference="B")
    assert found.groups == ("B", "A")
    assert found.responses.group[:2].tolist() == [0, 1]


def test_chunks_hold_the_same_responses_in_the_same_order(tmp_path: Path) -> None:
    table = right_or_wrong(5000, 6)
    seen = np.random.default_rng(2).random(table.shape) < 0.5
    seen[:, 0] = True
    long(table, seen).write_parquet(tmp_path / "long.parquet", row_group_size=1000)
    whole, cut = read(tmp_path / "long.parquet"), read(tmp_path / "long.parquet", chunks=3)
    assert len(cut.parts) == 3
    assert cut.persons == whole.persons
    assert np.array_equal(cut.responses.codes, whole.responses.codes)
    assert np.array_equal(cut.responses.indptr, whole.responses.indptr)


def test_a_file_that_is_not_sorted_by_person_cannot_be_cut(tmp_path: Path) -> None:
    table = pl.DataFrame({"person": ["p", "q", "p"], "item": ["i", "i", "j"], "score": [1, 0, 1]})
    table.write_parquet(tmp_path / "long.parquet")
    with pytest.raises(DataError, match=r"row 3, column person: .*sorted by person"):
        read(tmp_path / "long.parquet", chunks=2)


def test_positions_order_the_answers_of_a_person() -> None:
    table = pl.DataFrame(
        {"person": ["p"] * 3, "item": ["i", "j", "k"], "score": [1, 0, 1], "position": [3, 1, 2]}
    )
    assert read(table).responses.item.tolist() == [1, 2, 0]
