from enum import StrEnum

class DesignOutPurpose(StrEnum):
    CERTIFICATION = "certification"
    PRACTICE = "practice"

    def __str__(self) -> str:
        return str(self.value)
