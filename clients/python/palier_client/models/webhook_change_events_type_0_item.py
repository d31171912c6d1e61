from enum import StrEnum

class WebhookChangeEventsType0Item(StrEnum):
    EXPORT_READY = "export.ready"
    LEARNER_ERASED = "learner.erased"
    RESULT_PUBLISHED = "result.published"
    SITTING_FINISHED = "sitting.finished"
    SITTING_STARTED = "sitting.started"

    def __str__(self) -> str:
        return str(self.value)
