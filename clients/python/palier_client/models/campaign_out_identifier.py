from enum import StrEnum

class CampaignOutIdentifier(StrEnum):
    ANY = "any"
    KNOWN = "known"
    NONE = "none"

    def __str__(self) -> str:
        return str(self.value)
