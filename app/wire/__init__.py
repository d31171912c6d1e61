"""What every JSON door shares: who calls, refusals, idempotency, pages of lists, versions of a resource, limits."""
