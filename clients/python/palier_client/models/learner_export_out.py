from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.learner_export_out_campaigns_item import LearnerExportOutCampaignsItem
  from ..models.learner_export_out_cohorts_item import LearnerExportOutCohortsItem
  from ..models.learner_export_out_learner import LearnerExportOutLearner
  from ..models.learner_export_out_sittings_item import LearnerExportOutSittingsItem





T = TypeVar("T", bound="LearnerExportOut")



@_attrs_define
class LearnerExportOut:
    """ Everything that is known of a learner.

        Attributes:
            campaigns (list[LearnerExportOutCampaignsItem]):
            cohorts (list[LearnerExportOutCohortsItem]):
            learner (LearnerExportOutLearner):
            sittings (list[LearnerExportOutSittingsItem]):
     """

    campaigns: list[LearnerExportOutCampaignsItem]
    cohorts: list[LearnerExportOutCohortsItem]
    learner: LearnerExportOutLearner
    sittings: list[LearnerExportOutSittingsItem]





    def to_dict(self) -> dict[str, Any]:
        from ..models.learner_export_out_campaigns_item import LearnerExportOutCampaignsItem # noqa: PLC0415
        from ..models.learner_export_out_cohorts_item import LearnerExportOutCohortsItem # noqa: PLC0415
        from ..models.learner_export_out_learner import LearnerExportOutLearner # noqa: PLC0415
        from ..models.learner_export_out_sittings_item import LearnerExportOutSittingsItem # noqa: PLC0415
        campaigns = []
        for campaigns_item_data in self.campaigns:
            campaigns_item = campaigns_item_data.to_dict()
            campaigns.append(campaigns_item)



        cohorts = []
        for cohorts_item_data in self.cohorts:
            cohorts_item = cohorts_item_data.to_dict()
            cohorts.append(cohorts_item)



        learner = self.learner.to_dict()

        sittings = []
        for sittings_item_data in self.sittings:
            sittings_item = sittings_item_data.to_dict()
            sittings.append(sittings_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "campaigns": campaigns,
            "cohorts": cohorts,
            "learner": learner,
            "sittings": sittings,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.learner_export_out_campaigns_item import LearnerExportOutCampaignsItem # noqa: PLC0415
        from ..models.learner_export_out_cohorts_item import LearnerExportOutCohortsItem # noqa: PLC0415
        from ..models.learner_export_out_learner import LearnerExportOutLearner # noqa: PLC0415
        from ..models.learner_export_out_sittings_item import LearnerExportOutSittingsItem # noqa: PLC0415
        d = dict(src_dict)
        campaigns = []
        _campaigns = d.pop("campaigns")
        for campaigns_item_data in (_campaigns):
            campaigns_item = LearnerExportOutCampaignsItem.from_dict(campaigns_item_data)



            campaigns.append(campaigns_item)


        cohorts = []
        _cohorts = d.pop("cohorts")
        for cohorts_item_data in (_cohorts):
            cohorts_item = LearnerExportOutCohortsItem.from_dict(cohorts_item_data)



            cohorts.append(cohorts_item)


        learner = LearnerExportOutLearner.from_dict(d.pop("learner"))




        sittings = []
        _sittings = d.pop("sittings")
        for sittings_item_data in (_sittings):
            sittings_item = LearnerExportOutSittingsItem.from_dict(sittings_item_data)



            sittings.append(sittings_item)


        learner_export_out = cls(
            campaigns=campaigns,
            cohorts=cohorts,
            learner=learner,
            sittings=sittings,
        )

        return learner_export_out

