"""Calibration: what a psychometrician does between responses and a new release.

In a notebook, with a file or a data frame of polars, pandas or Arrow:

>>> import numpy as np, polars as pl
>>> from app.calibration import calibrate, dif, fit, read
>>> rng = np.random.default_rng(1)
>>> theta, b = rng.normal(size=(800, 1)), np.linspace(-1, 1, 6)
>>> right = rng.random((800, 6)) < 1 / (1 + np.exp(b - theta))
>>> table = pl.DataFrame(right.astype(int), schema=[f"i{k}" for k in range(6)], orient="row")
>>> table = table.with_columns(pl.Series("form", ["A", "B"] * 400))
>>> run = calibrate(read(table, keep=["form"]), "2pl")
>>> run.converged, run.items.height
(True, 6)
>>> fit(run).items.columns[:4]
['item', 'n_answers', 'infit', 'infit_z']
>>> dif(run, group="form").filter(pl.col("flagged")).height
0
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from app.calibration.estimation import CalibrationError, DisconnectedDesign, calibrate
    from app.calibration.frames import Data, DataError, read
    from app.calibration.parameters import Bank, parameter_table, read_parameters
    from app.calibration.runs import Run, RunError, load
    from app.calibration.workshop import dif, diff, drift, fit, link

__all__ = [
    "Bank",
    "CalibrationError",
    "Data",
    "DataError",
    "DisconnectedDesign",
    "Run",
    "RunError",
    "calibrate",
    "dif",
    "diff",
    "drift",
    "fit",
    "link",
    "load",
    "parameter_table",
    "read",
    "read_parameters",
]

_HOMES: Final = {
    "estimation": ("CalibrationError", "DisconnectedDesign", "calibrate"),
    "frames": ("Data", "DataError", "read"),
    "parameters": ("Bank", "parameter_table", "read_parameters"),
    "runs": ("Run", "RunError", "load"),
    "workshop": ("diff", "dif", "drift", "fit", "link"),
}
_HOME: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """What the notebook needs, on first use: whoever only asks for the tables of this room loads no data frames."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
