"""What every figure is: served one click away from it, at /dashboard/definitions#name."""

from __future__ import annotations

from service.worth.operations_terms import CONTACTS_AND_OPERATIONS
from service.worth.quality_terms import QUALITY

DEFINITIONS = (*QUALITY, *CONTACTS_AND_OPERATIONS)

BY_NAME = {one.name: one for one in DEFINITIONS}
