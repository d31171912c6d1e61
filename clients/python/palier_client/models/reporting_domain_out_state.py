from enum import StrEnum

class ReportingDomainOutState(StrEnum):
    MEASURED = "measured"
    NOT_DISTINGUISHABLE = "not_distinguishable"
    TOO_FEW = "too_few"

    def __str__(self) -> str:
        return str(self.value)
