from enum import StrEnum

class ReportingDomainOutFlagType0(StrEnum):
    STRONG = "strong"
    WEAK = "weak"

    def __str__(self) -> str:
        return str(self.value)
