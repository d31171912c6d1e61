from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.reply_out_outcome import ReplyOutOutcome
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.feedback_out import FeedbackOut
  from ..models.question_out import QuestionOut





T = TypeVar("T", bound="ReplyOut")



@_attrs_define
class ReplyOut:
    """ What follows from a response; the same for every retry.

        Attributes:
            finish_reason (None | str):
            outcome (ReplyOutOutcome):
            position (int):
            question (None | QuestionOut):
            feedback (FeedbackOut | None | Unset):
     """

    finish_reason: None | str
    outcome: ReplyOutOutcome
    position: int
    question: None | QuestionOut
    feedback: FeedbackOut | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.feedback_out import FeedbackOut # noqa: PLC0415
        from ..models.question_out import QuestionOut # noqa: PLC0415
        finish_reason: None | str
        finish_reason = self.finish_reason

        outcome = self.outcome.value

        position = self.position

        question: dict[str, Any] | None
        if isinstance(self.question, QuestionOut):
            question = self.question.to_dict()
        else:
            question = self.question

        feedback: dict[str, Any] | None | Unset
        if isinstance(self.feedback, Unset):
            feedback = UNSET
        elif isinstance(self.feedback, FeedbackOut):
            feedback = self.feedback.to_dict()
        else:
            feedback = self.feedback


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "finish_reason": finish_reason,
            "outcome": outcome,
            "position": position,
            "question": question,
        })
        if feedback is not UNSET:
            field_dict["feedback"] = feedback

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.feedback_out import FeedbackOut # noqa: PLC0415
        from ..models.question_out import QuestionOut # noqa: PLC0415
        d = dict(src_dict)
        def _parse_finish_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        finish_reason = _parse_finish_reason(d.pop("finish_reason"))


        outcome = ReplyOutOutcome(d.pop("outcome"))




        position = d.pop("position")

        def _parse_question(data: object) -> None | QuestionOut:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                question_type_0 = QuestionOut.from_dict(data)



                return question_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | QuestionOut, data)

        question = _parse_question(d.pop("question"))


        def _parse_feedback(data: object) -> FeedbackOut | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                feedback_type_0 = FeedbackOut.from_dict(data)



                return feedback_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(FeedbackOut | None | Unset, data)

        feedback = _parse_feedback(d.pop("feedback", UNSET))


        reply_out = cls(
            finish_reason=finish_reason,
            outcome=outcome,
            position=position,
            question=question,
            feedback=feedback,
        )

        return reply_out

