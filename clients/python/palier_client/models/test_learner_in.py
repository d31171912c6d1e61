from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.test_learner_in_behaviour import TestLearnerInBehaviour
from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="TestLearnerIn")



@_attrs_define
class TestLearnerIn:
    """ How the learner behaves.

        Attributes:
            behaviour (TestLearnerInBehaviour): the same behaviour on the same sitting gives the same result
            answers (int | None | Unset): stop when the sitting has so many answers in all, and leave it open; one that has
                them, or more, stays as it is
            theta (float | None | Unset): ability in logits, for `theta`
     """

    behaviour: TestLearnerInBehaviour
    answers: int | None | Unset = UNSET
    theta: float | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        behaviour = self.behaviour.value

        answers: int | None | Unset
        if isinstance(self.answers, Unset):
            answers = UNSET
        else:
            answers = self.answers

        theta: float | None | Unset
        if isinstance(self.theta, Unset):
            theta = UNSET
        else:
            theta = self.theta


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "behaviour": behaviour,
        })
        if answers is not UNSET:
            field_dict["answers"] = answers
        if theta is not UNSET:
            field_dict["theta"] = theta

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        behaviour = TestLearnerInBehaviour(d.pop("behaviour"))




        def _parse_answers(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        answers = _parse_answers(d.pop("answers", UNSET))


        def _parse_theta(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        theta = _parse_theta(d.pop("theta", UNSET))


        test_learner_in = cls(
            behaviour=behaviour,
            answers=answers,
            theta=theta,
        )

        return test_learner_in

