from enum import StrEnum

class CampaignOutPurpose(StrEnum):
    CERTIFICATION = "certification"
    PLACEMENT = "placement"
    PRACTICE = "practice"

    def __str__(self) -> str:
        return str(self.value)
