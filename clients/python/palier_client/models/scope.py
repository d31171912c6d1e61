from enum import StrEnum

class Scope(StrEnum):
    AUDITREAD = "audit:read"
    CAMPAIGNSREAD = "campaigns:read"
    CAMPAIGNSWRITE = "campaigns:write"
    EXPORTSWRITE = "exports:write"
    INSTITUTIONREAD = "institution:read"
    INSTITUTIONWRITE = "institution:write"
    KEYSREAD = "keys:read"
    KEYSWRITE = "keys:write"
    LEARNERSREAD = "learners:read"
    LEARNERSWRITE = "learners:write"
    LTIREAD = "lti:read"
    LTIWRITE = "lti:write"
    MEMBERSREAD = "members:read"
    MEMBERSWRITE = "members:write"
    PRIVACYWRITE = "privacy:write"
    RESPONSESREAD = "responses:read"
    RESULTSPUBLISH = "results:publish"
    RESULTSREAD = "results:read"
    SITTINGSREAD = "sittings:read"
    SITTINGSWRITE = "sittings:write"
    WEBHOOKSREAD = "webhooks:read"
    WEBHOOKSWRITE = "webhooks:write"

    def __str__(self) -> str:
        return str(self.value)
