"""LTI 1.3 Advantage, the side of the tool: learning platforms, launches, chosen tests, grades, rosters."""
