from enum import StrEnum

class DomainMeanOutStandingType0(StrEnum):
    STRONG = "strong"
    WEAK = "weak"

    def __str__(self) -> str:
        return str(self.value)
