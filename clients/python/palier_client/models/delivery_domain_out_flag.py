from enum import StrEnum

class DeliveryDomainOutFlag(StrEnum):
    STRONG = "strong"
    VALUE_0 = ""
    WEAK = "weak"

    def __str__(self) -> str:
        return str(self.value)
