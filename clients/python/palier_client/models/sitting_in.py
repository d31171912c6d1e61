from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
from uuid import UUID






T = TypeVar("T", bound="SittingIn")



@_attrs_define
class SittingIn:
    """ What to create.

        Attributes:
            campaign (None | Unset | UUID): a campaign of yours, in place of everything but the learner: its window and its
                rule on retakes hold
            design (None | str | Unset): key of a test design; needed without a campaign
            language (None | str | Unset): language of the questions, one of the design's `languages`; a question without a
                version in it is shown in French. `null`: the learner chooses when they start, or the design's first
            learner (None | str | Unset): your own pseudonymous identifier of the learner; never a name or an e-mail address
            profession (None | str | Unset): limits items to this profession and the transversal ones
            referentiel (None | str | Unset): runs the design's variant for this référentiel: `certification` with `social-
                bac` is `certification-social-bac`, with its items and its quotas
     """

    campaign: None | Unset | UUID = UNSET
    design: None | str | Unset = UNSET
    language: None | str | Unset = UNSET
    learner: None | str | Unset = UNSET
    profession: None | str | Unset = UNSET
    referentiel: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        campaign: None | str | Unset
        if isinstance(self.campaign, Unset):
            campaign = UNSET
        elif isinstance(self.campaign, UUID):
            campaign = str(self.campaign)
        else:
            campaign = self.campaign

        design: None | str | Unset
        if isinstance(self.design, Unset):
            design = UNSET
        else:
            design = self.design

        language: None | str | Unset
        if isinstance(self.language, Unset):
            language = UNSET
        else:
            language = self.language

        learner: None | str | Unset
        if isinstance(self.learner, Unset):
            learner = UNSET
        else:
            learner = self.learner

        profession: None | str | Unset
        if isinstance(self.profession, Unset):
            profession = UNSET
        else:
            profession = self.profession

        referentiel: None | str | Unset
        if isinstance(self.referentiel, Unset):
            referentiel = UNSET
        else:
            referentiel = self.referentiel


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if campaign is not UNSET:
            field_dict["campaign"] = campaign
        if design is not UNSET:
            field_dict["design"] = design
        if language is not UNSET:
            field_dict["language"] = language
        if learner is not UNSET:
            field_dict["learner"] = learner
        if profession is not UNSET:
            field_dict["profession"] = profession
        if referentiel is not UNSET:
            field_dict["referentiel"] = referentiel

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_campaign(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                campaign_type_0 = UUID(data)



                return campaign_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        campaign = _parse_campaign(d.pop("campaign", UNSET))


        def _parse_design(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        design = _parse_design(d.pop("design", UNSET))


        def _parse_language(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        language = _parse_language(d.pop("language", UNSET))


        def _parse_learner(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        learner = _parse_learner(d.pop("learner", UNSET))


        def _parse_profession(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        profession = _parse_profession(d.pop("profession", UNSET))


        def _parse_referentiel(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        referentiel = _parse_referentiel(d.pop("referentiel", UNSET))


        sitting_in = cls(
            campaign=campaign,
            design=design,
            language=language,
            learner=learner,
            profession=profession,
            referentiel=referentiel,
        )

        return sitting_in

