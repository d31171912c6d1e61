"""Item response theory for adaptive tests: arrays in, arrays out. See README.md for notation and an example.

Bottom to top: `errors` < `types` < `models`, `shadow`, `exposure`, `randomness`, `responses` < `estep`, `mstep` <
`calibration` < `ability`, `selection`, `linking`, `standard_errors`, `conditional`,
`constraints` < `levels`, `profile`, `person_fit`, `response_time` < `stopping`, `pix` < `policy` < `fast` < `simulate`.
"""

from irt.ability import (
    Ability,
    Grid,
    JeffreysPrior,
    NormalPrior,
    Posterior,
    UniformPrior,
    eap,
    mle,
    posterior_mode,
    robust,
    wle,
)
from irt.calibration import Calibration, calibrate, person_scores
from irt.constraints import Constraints
from irt.errors import (
    InfeasibleBlueprint,
    InvalidBlueprint,
    InvalidParameters,
    InvalidResponses,
    InvalidRules,
    IrtError,
    NotReportable,
)
from irt.exposure import Eligibility, Exposure, SympsonHetter, item_exposure
from irt.models import information, probability
from irt.mstep import Model, Priors
from irt.person_fit import Estimator, lz_star, residual_fit
from irt.pix import PixPolicy
from irt.policy import Outcome, Policy, Rules, Score, Step, compile_policy
from irt.profile import Profile, ProfileModel, Standing, domain_profile, profile_mean
from irt.response_time import TimeParameters, rapid_guesses
from irt.responses import Responses
from irt.selection import Criterion
from irt.shadow import BlueprintTree, ShadowTest, prepare, shadow_test
from irt.simulate import Simulation, fit_eligibility, fit_sympson_hetter, population, simulate
from irt.stopping import (
    ChangeStop,
    ClassificationStop,
    InformationStop,
    IntervalStop,
    LevelStop,
    PrecisionStop,
    RatioStop,
    Reason,
    TimeStop,
)
from irt.types import GradedParameters, ItemParameters, MixedParameters, NominalParameters

__all__ = [
    "Ability",
    "BlueprintTree",
    "Calibration",
    "ChangeStop",
    "ClassificationStop",
    "Constraints",
    "Criterion",
    "Eligibility",
    "Estimator",
    "Exposure",
    "GradedParameters",
    "Grid",
    "InfeasibleBlueprint",
    "InformationStop",
    "IntervalStop",
    "InvalidBlueprint",
    "InvalidParameters",
    "InvalidResponses",
    "InvalidRules",
    "IrtError",
    "ItemParameters",
    "JeffreysPrior",
    "LevelStop",
    "MixedParameters",
    "Model",
    "NominalParameters",
    "NormalPrior",
    "NotReportable",
    "Outcome",
    "PixPolicy",
    "Policy",
    "Posterior",
    "PrecisionStop",
    "Priors",
    "Profile",
    "ProfileModel",
    "RatioStop",
    "Reason",
    "Responses",
    "Rules",
    "Score",
    "ShadowTest",
    "Simulation",
    "Standing",
    "Step",
    "SympsonHetter",
    "TimeParameters",
    "TimeStop",
    "UniformPrior",
    "calibrate",
    "compile_policy",
    "domain_profile",
    "eap",
    "fit_eligibility",
    "fit_sympson_hetter",
    "information",
    "item_exposure",
    "lz_star",
    "mle",
    "person_scores",
    "population",
    "posterior_mode",
    "prepare",
    "probability",
    "profile_mean",
    "rapid_guesses",
    "residual_fit",
    "robust",
    "shadow_test",
    "simulate",
    "wle",
]
