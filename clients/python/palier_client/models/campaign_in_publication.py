from enum import StrEnum

class CampaignInPublication(StrEnum):
    HELD = "held"
    IMMEDIATE = "immediate"

    def __str__(self) -> str:
        return str(self.value)
