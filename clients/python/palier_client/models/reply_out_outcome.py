from enum import StrEnum

class ReplyOutOutcome(StrEnum):
    ANSWERED = "answered"
    OMITTED = "omitted"

    def __str__(self) -> str:
        return str(self.value)
