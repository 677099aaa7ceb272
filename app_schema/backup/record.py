"""What entries are made of: immutable records, and the ranges of their fields."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (pydantic reads the annotation)
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field


def _within_reach(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"is not between the years {FIRST_YEAR} and {LAST_YEAR}")
    return moment


FIRST_YEAR, LAST_YEAR = 1990, 2200  # in any time zone these can be shown
Moment = Annotated[AwareDatetime, AfterValidator(_within_reach)]
Count = Annotated[int, Field(ge=0, lt=1 << 63)]
Seconds = Annotated[float, Field(ge=0, lt=1 << 32, allow_inf_nan=False)]


class Record(BaseModel):
    """Immutable; a field that is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
