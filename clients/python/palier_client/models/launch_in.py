from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.launch_in_lang_type_0 import LaunchInLangType0
from ..models.launch_in_theme_type_0 import LaunchInThemeType0
from ..types import UNSET, Unset
from typing import cast
from uuid import UUID






T = TypeVar("T", bound="LaunchIn")



@_attrs_define
class LaunchIn:
    """ What to open: a sitting of yours, or what makes one (`design` or `campaign`).

        Attributes:
            accent (None | str | Unset): a colour in place of the institution's, `#0b5563`; refused where it could not be
                read
            campaign (None | Unset | UUID): a campaign of yours: the learner's sitting that is not finished, else a new one
            design (None | str | Unset): key of a test design: a new sitting of it
            lang (LaunchInLangType0 | None | Unset): of the pages around the questions
            language (None | str | Unset): of the questions, as for a sitting
            lasts (int | Unset): seconds until the link expires Default: 3600.
            learner (None | str | Unset): your own pseudonymous identifier of the learner; never a name or an e-mail address
            profession (None | str | Unset): as for a sitting
            referentiel (None | str | Unset): as for a sitting
            return_url (None | str | Unset): where the last page leads back to, at one of the institution's
                `frame_ancestors`: `https://lms.example.org/course/12`
            sitting (None | Unset | UUID): a sitting made before, to open or to go on with
            theme (LaunchInThemeType0 | None | Unset): of the pages; `auto` follows the device
     """

    accent: None | str | Unset = UNSET
    campaign: None | Unset | UUID = UNSET
    design: None | str | Unset = UNSET
    lang: LaunchInLangType0 | None | Unset = UNSET
    language: None | str | Unset = UNSET
    lasts: int | Unset = 3600
    learner: None | str | Unset = UNSET
    profession: None | str | Unset = UNSET
    referentiel: None | str | Unset = UNSET
    return_url: None | str | Unset = UNSET
    sitting: None | Unset | UUID = UNSET
    theme: LaunchInThemeType0 | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        accent: None | str | Unset
        if isinstance(self.accent, Unset):
            accent = UNSET
        else:
            accent = self.accent

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

        lang: None | str | Unset
        if isinstance(self.lang, Unset):
            lang = UNSET
        elif isinstance(self.lang, LaunchInLangType0):
            lang = self.lang.value
        else:
            lang = self.lang

        language: None | str | Unset
        if isinstance(self.language, Unset):
            language = UNSET
        else:
            language = self.language

        lasts = self.lasts

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

        return_url: None | str | Unset
        if isinstance(self.return_url, Unset):
            return_url = UNSET
        else:
            return_url = self.return_url

        sitting: None | str | Unset
        if isinstance(self.sitting, Unset):
            sitting = UNSET
        elif isinstance(self.sitting, UUID):
            sitting = str(self.sitting)
        else:
            sitting = self.sitting

        theme: None | str | Unset
        if isinstance(self.theme, Unset):
            theme = UNSET
        elif isinstance(self.theme, LaunchInThemeType0):
            theme = self.theme.value
        else:
            theme = self.theme


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if accent is not UNSET:
            field_dict["accent"] = accent
        if campaign is not UNSET:
            field_dict["campaign"] = campaign
        if design is not UNSET:
            field_dict["design"] = design
        if lang is not UNSET:
            field_dict["lang"] = lang
        if language is not UNSET:
            field_dict["language"] = language
        if lasts is not UNSET:
            field_dict["lasts"] = lasts
        if learner is not UNSET:
            field_dict["learner"] = learner
        if profession is not UNSET:
            field_dict["profession"] = profession
        if referentiel is not UNSET:
            field_dict["referentiel"] = referentiel
        if return_url is not UNSET:
            field_dict["return_url"] = return_url
        if sitting is not UNSET:
            field_dict["sitting"] = sitting
        if theme is not UNSET:
            field_dict["theme"] = theme

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_accent(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        accent = _parse_accent(d.pop("accent", UNSET))


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


        def _parse_lang(data: object) -> LaunchInLangType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                lang_type_0 = LaunchInLangType0(data)



                return lang_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(LaunchInLangType0 | None | Unset, data)

        lang = _parse_lang(d.pop("lang", UNSET))


        def _parse_language(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        language = _parse_language(d.pop("language", UNSET))


        lasts = d.pop("lasts", UNSET)

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


        def _parse_return_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        return_url = _parse_return_url(d.pop("return_url", UNSET))


        def _parse_sitting(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                sitting_type_0 = UUID(data)



                return sitting_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        sitting = _parse_sitting(d.pop("sitting", UNSET))


        def _parse_theme(data: object) -> LaunchInThemeType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                theme_type_0 = LaunchInThemeType0(data)



                return theme_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(LaunchInThemeType0 | None | Unset, data)

        theme = _parse_theme(d.pop("theme", UNSET))


        launch_in = cls(
            accent=accent,
            campaign=campaign,
            design=design,
            lang=lang,
            language=language,
            lasts=lasts,
            learner=learner,
            profession=profession,
            referentiel=referentiel,
            return_url=return_url,
            sitting=sitting,
            theme=theme,
        )

        return launch_in

