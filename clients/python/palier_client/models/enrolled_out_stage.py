from enum import StrEnum

class EnrolledOutStage(StrEnum):
    FINISHED = "finished"
    IN_PROGRESS = "in_progress"
    LATE = "late"
    NOT_STARTED = "not_started"

    def __str__(self) -> str:
        return str(self.value)
