"""Which tickets are kept out, and by which rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.base import Ticket
from service.groups import TicketsSettings
from service.scope import SHARED, kept_out
from tests.service.tickets import customer, ticket

HERE: Ticket = ticket(
    customer("My kettle leaks."), group="41", group_name="Support", brand="51", form="Question", tags=("vip", "de")
)


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({}, ""),
        ({"deny_groups": "40, 42", "deny_brands": "50", "deny_forms": "Incident", "deny_tags": "secret"}, ""),
        ({"deny_groups": "40, 41"}, "the ticket's group 41 is in DESKPILOT_TICKETS__DENY_GROUPS"),
        ({"deny_groups": "support"}, "the ticket's group support is in DESKPILOT_TICKETS__DENY_GROUPS"),
        ({"deny_brands": "51"}, "the ticket's brand 51 is in DESKPILOT_TICKETS__DENY_BRANDS"),
        ({"deny_forms": "QUESTION"}, "the ticket's form QUESTION is in DESKPILOT_TICKETS__DENY_FORMS"),
        ({"deny_tags": "legal,de"}, "the ticket's tag de is in DESKPILOT_TICKETS__DENY_TAGS"),
        ({"allow_groups": "40,41", "allow_brands": "51", "allow_forms": "question", "allow_tags": "a,vip"}, ""),
        ({"allow_groups": "40"}, "no group of the ticket is in DESKPILOT_TICKETS__ALLOW_GROUPS"),
        ({"allow_brands": "50"}, "no brand of the ticket is in DESKPILOT_TICKETS__ALLOW_BRANDS"),
        ({"allow_forms": "incident"}, "no form of the ticket is in DESKPILOT_TICKETS__ALLOW_FORMS"),
        ({"allow_tags": "gold"}, "no tag of the ticket is in DESKPILOT_TICKETS__ALLOW_TAGS"),
        ({"allow_groups": "41", "allow_tags": "gold"}, "no tag of the ticket is in DESKPILOT_TICKETS__ALLOW_TAGS"),
        ({"allow_groups": "41", "deny_groups": "41"}, "the ticket's group 41 is in DESKPILOT_TICKETS__DENY_GROUPS"),
        ({"allow_tags": "vip", "deny_tags": "de"}, "the ticket's tag de is in DESKPILOT_TICKETS__DENY_TAGS"),
    ],
)
def test_a_denied_trait_keeps_a_ticket_out_and_so_does_one_that_no_list_allows(
    rules: dict[str, str], says: str
) -> None:
    """By id or by name, in any case; the reason names the rule. Deny wins over allow."""
    assert kept_out(HERE, TicketsSettings.model_validate(rules)) == says


def test_a_shared_ticket_is_kept_out_whatever_the_lists_say() -> None:
    """It is another company's, too."""
    assert kept_out(replace(HERE, shared=True), TicketsSettings(allow_groups=["41"])) == SHARED


def test_a_ticket_that_is_in_no_group_is_in_no_denied_and_in_no_allowed_one() -> None:
    """As every ticket is before somebody sorts it: it is looked at again when it has moved."""
    unsorted = replace(HERE, group="", group_name="")

    assert kept_out(unsorted, TicketsSettings(deny_groups=["Legal", "41"])) == ""
    assert "ALLOW_GROUPS" in kept_out(unsorted, TicketsSettings(allow_groups=["Support"]))


def test_a_group_whose_name_is_not_told_is_kept_out_where_names_are_denied() -> None:
    """A list that cannot be read against the ticket must not let it through."""
    nameless = replace(HERE, group_name="")

    assert "not told" in kept_out(nameless, TicketsSettings(deny_groups=["Legal"]))
    assert kept_out(nameless, TicketsSettings(deny_groups=["40"])) == ""
