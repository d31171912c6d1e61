from enum import StrEnum

class CampaignInIdentifierType0(StrEnum):
    ANY = "any"
    KNOWN = "known"
    NONE = "none"

    def __str__(self) -> str:
        return str(self.value)
