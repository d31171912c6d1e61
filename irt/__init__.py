"""Item response theory for adaptive tests: arrays in, arrays out. See README.md for notation and an example.

Bottom to top: `errors`, `types`, `randomness` < `models` < `ability`, `profile`, `shadow`, `exposure` <
`levels` < `policy` < `simulate`.
"""

from irt.ability import Ability, Grid, NormalPrior, Posterior, eap, wle
from irt.errors import (
    InfeasibleBlueprint,
    InvalidBlueprint,
    InvalidParameters,
    InvalidResponses,
    InvalidRules,
    IrtError,
    NotReportable,
)
from irt.exposure import Eligibility, Exposure, item_exposure
from irt.models import information, probability
from irt.policy import (
    ClassificationStop,
    Outcome,
    Policy,
    PrecisionStop,
    Reason,
    Rules,
    Score,
    Step,
    compile_policy,
)
from irt.profile import Profile, ProfileModel, Standing, domain_profile
from irt.shadow import BlueprintTree, ShadowTest, prepare, shadow_test
from irt.simulate import Simulation, fit_eligibility, population, simulate
from irt.types import ItemParameters

__all__ = [
    "Ability",
    "BlueprintTree",
    "ClassificationStop",
    "Eligibility",
    "Exposure",
    "Grid",
    "InfeasibleBlueprint",
    "InvalidBlueprint",
    "InvalidParameters",
    "InvalidResponses",
    "InvalidRules",
    "IrtError",
    "ItemParameters",
    "NormalPrior",
    "NotReportable",
    "Outcome",
    "Policy",
    "Posterior",
    "PrecisionStop",
    "Profile",
    "ProfileModel",
    "Reason",
    "Rules",
    "Score",
    "ShadowTest",
    "Simulation",
    "Standing",
    "Step",
    "compile_policy",
    "domain_profile",
    "eap",
    "fit_eligibility",
    "information",
    "item_exposure",
    "population",
    "prepare",
    "probability",
    "shadow_test",
    "simulate",
    "wle",
]
