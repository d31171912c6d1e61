"""The service: HTTP, pages, database, time, identity, jobs and command line."""
