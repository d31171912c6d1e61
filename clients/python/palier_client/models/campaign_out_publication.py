from enum import StrEnum

class CampaignOutPublication(StrEnum):
    HELD = "held"
    IMMEDIATE = "immediate"

    def __str__(self) -> str:
        return str(self.value)
