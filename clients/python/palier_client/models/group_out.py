from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.change_out import ChangeOut
  from ..models.comparison_out import ComparisonOut
  from ..models.domain_mean_out import DomainMeanOut
  from ..models.levels_out import LevelsOut
  from ..models.part_out import PartOut





T = TypeVar("T", bound="GroupOut")



@_attrs_define
class GroupOut:
    """ The figures of one design on one scale.

        Attributes:
            by_curriculum (list[PartOut]):
            by_year (list[PartOut]):
            change (ChangeOut): From the first to the last sitting of the same learners; counts are null under ten learners.
            comparison (ComparisonOut | None):
            design (str):
            domains (list[DomainMeanOut]):
            levels (LevelsOut): The levels of a group by the last result of each learner; `levels` is null under ten
                learners.
            provisional (int): learners whose last result is indicative
            results (int):
     """

    by_curriculum: list[PartOut]
    by_year: list[PartOut]
    change: ChangeOut
    comparison: ComparisonOut | None
    design: str
    domains: list[DomainMeanOut]
    levels: LevelsOut
    provisional: int
    results: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.change_out import ChangeOut # noqa: PLC0415
        from ..models.comparison_out import ComparisonOut # noqa: PLC0415
        from ..models.domain_mean_out import DomainMeanOut # noqa: PLC0415
        from ..models.levels_out import LevelsOut # noqa: PLC0415
        from ..models.part_out import PartOut # noqa: PLC0415
        by_curriculum = []
        for by_curriculum_item_data in self.by_curriculum:
            by_curriculum_item = by_curriculum_item_data.to_dict()
            by_curriculum.append(by_curriculum_item)



        by_year = []
        for by_year_item_data in self.by_year:
            by_year_item = by_year_item_data.to_dict()
            by_year.append(by_year_item)



        change = self.change.to_dict()

        comparison: dict[str, Any] | None
        if isinstance(self.comparison, ComparisonOut):
            comparison = self.comparison.to_dict()
        else:
            comparison = self.comparison

        design = self.design

        domains = []
        for domains_item_data in self.domains:
            domains_item = domains_item_data.to_dict()
            domains.append(domains_item)



        levels = self.levels.to_dict()

        provisional = self.provisional

        results = self.results


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "by_curriculum": by_curriculum,
            "by_year": by_year,
            "change": change,
            "comparison": comparison,
            "design": design,
            "domains": domains,
            "levels": levels,
            "provisional": provisional,
            "results": results,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.change_out import ChangeOut # noqa: PLC0415
        from ..models.comparison_out import ComparisonOut # noqa: PLC0415
        from ..models.domain_mean_out import DomainMeanOut # noqa: PLC0415
        from ..models.levels_out import LevelsOut # noqa: PLC0415
        from ..models.part_out import PartOut # noqa: PLC0415
        d = dict(src_dict)
        by_curriculum = []
        _by_curriculum = d.pop("by_curriculum")
        for by_curriculum_item_data in (_by_curriculum):
            by_curriculum_item = PartOut.from_dict(by_curriculum_item_data)



            by_curriculum.append(by_curriculum_item)


        by_year = []
        _by_year = d.pop("by_year")
        for by_year_item_data in (_by_year):
            by_year_item = PartOut.from_dict(by_year_item_data)



            by_year.append(by_year_item)


        change = ChangeOut.from_dict(d.pop("change"))




        def _parse_comparison(data: object) -> ComparisonOut | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                comparison_type_0 = ComparisonOut.from_dict(data)



                return comparison_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ComparisonOut | None, data)

        comparison = _parse_comparison(d.pop("comparison"))


        design = d.pop("design")

        domains = []
        _domains = d.pop("domains")
        for domains_item_data in (_domains):
            domains_item = DomainMeanOut.from_dict(domains_item_data)



            domains.append(domains_item)


        levels = LevelsOut.from_dict(d.pop("levels"))




        provisional = d.pop("provisional")

        results = d.pop("results")

        group_out = cls(
            by_curriculum=by_curriculum,
            by_year=by_year,
            change=change,
            comparison=comparison,
            design=design,
            domains=domains,
            levels=levels,
            provisional=provisional,
            results=results,
        )

        return group_out

