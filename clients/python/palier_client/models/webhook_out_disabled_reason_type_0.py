from enum import StrEnum

class WebhookOutDisabledReasonType0(StrEnum):
    GONE = "gone"
    INSTITUTION = "institution"

    def __str__(self) -> str:
        return str(self.value)
