from enum import StrEnum

class ItemOutInteraction(StrEnum):
    MATCH = "match"
    MULTIPLE_CHOICE = "multiple_choice"
    NUMERIC = "numeric"
    ORDER = "order"
    SHORT_TEXT = "short_text"
    SINGLE_CHOICE = "single_choice"
    ZONE = "zone"

    def __str__(self) -> str:
        return str(self.value)
