from enum import StrEnum

class PublishedResultOutPurpose(StrEnum):
    CERTIFICATION = "certification"
    PRACTICE = "practice"

    def __str__(self) -> str:
        return str(self.value)
