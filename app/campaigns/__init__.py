"""Learners, cohorts and campaigns: whom an institution tests, with what, until when."""
