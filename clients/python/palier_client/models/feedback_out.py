from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="FeedbackOut")



@_attrs_define
class FeedbackOut:
    """ Practice designs: what was expected, and why.

        Attributes:
            correct (bool): whether all the credit was earned
            maximum_score (int):
            rationale_html (str):
            right_answer (str):
            score (int): credit, 0 to `maximum_score`
            sources (list[str]):
     """

    correct: bool
    maximum_score: int
    rationale_html: str
    right_answer: str
    score: int
    sources: list[str]





    def to_dict(self) -> dict[str, Any]:
        correct = self.correct

        maximum_score = self.maximum_score

        rationale_html = self.rationale_html

        right_answer = self.right_answer

        score = self.score

        sources = self.sources




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "correct": correct,
            "maximum_score": maximum_score,
            "rationale_html": rationale_html,
            "right_answer": right_answer,
            "score": score,
            "sources": sources,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        correct = d.pop("correct")

        maximum_score = d.pop("maximum_score")

        rationale_html = d.pop("rationale_html")

        right_answer = d.pop("right_answer")

        score = d.pop("score")

        sources = cast(list[str], d.pop("sources"))


        feedback_out = cls(
            correct=correct,
            maximum_score=maximum_score,
            rationale_html=rationale_html,
            right_answer=right_answer,
            score=score,
            sources=sources,
        )

        return feedback_out

