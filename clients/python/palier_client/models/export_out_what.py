from enum import StrEnum

class ExportOutWhat(StrEnum):
    LEARNERS = "learners"
    RESPONSES = "responses"
    RESULTS = "results"

    def __str__(self) -> str:
        return str(self.value)
