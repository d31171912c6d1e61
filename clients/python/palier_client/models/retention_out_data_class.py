from enum import StrEnum

class RetentionOutDataClass(StrEnum):
    ENTRIES = "entries"
    IDENTITY = "identity"
    NEVER_STARTED = "never_started"
    PSEUDONYM = "pseudonym"

    def __str__(self) -> str:
        return str(self.value)
