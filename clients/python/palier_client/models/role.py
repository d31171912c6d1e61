from enum import StrEnum

class Role(StrEnum):
    AUTHOR = "author"
    INVIGILATOR = "invigilator"
    JURY = "jury"
    MANAGER = "manager"
    OWNER = "owner"
    PSYCHOMETRICIAN = "psychometrician"
    REVIEWER = "reviewer"
    VIEWER = "viewer"

    def __str__(self) -> str:
        return str(self.value)
