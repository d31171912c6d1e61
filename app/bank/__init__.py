"""The item bank at run time: versions, parameter sets, releases."""
