"""A plug-in that finds names and street addresses: how it is found, asked, and what happens when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.base import Person
from service.assembly import opened_library
from service.entities import Entities
from service.errors import EntitiesError, ServiceError
from service.groups import MaskingSettings
from service.masking import Masker, neutral
from service.settings import Settings, SettingsProblem
from tests.plugin import installed

PLUGIN = """
import re

class Gazetteer:
    def find(self, text):
        for match in re.finditer("Petronella Sonst", text):
            yield *match.span(), "PERSON"
        for match in re.finditer(r"12 Mill Lane, \\S+, Leeds", text):
            yield *match.span(), "ADDRESS"

class Broken:
    def find(self, text):
        raise ValueError(f"cannot read {text}")

class Beyond:
    def find(self, text):
        return [(0, len(text) + 1, "PERSON")]

class Odd:
    def find(self, text):
        return [(0, 1, "PET")]

class Half:
    def find(self, text):
        yield 0, 1, "PERSON"
        raise RuntimeError("the model is gone")

def unmakeable():
    raise OSError("no weights here")

no_finder = dict
"""
NAMES = ("Gazetteer", "Broken", "Beyond", "Odd", "Half", "unmakeable", "no_finder", "missing")


@pytest.fixture
def package(tmp_path: Path) -> Iterator[None]:
    """An installed package with all of them."""
    with installed(tmp_path / "site", PLUGIN, NAMES):
        yield


async def opened(name: str) -> Entities:
    """The plug-in."""
    entities = await Entities.opened(name)
    assert entities is not None
    return entities


async def test_without_a_setting_there_is_no_plug_in() -> None:
    """The default."""
    assert await Entities.opened("") is None


@pytest.mark.usefixtures("package")
async def test_what_a_plug_in_finds_is_masked_and_restored() -> None:
    """A name that no ticket knows is a name, a street an address; the same value has the same placeholder."""
    masker = Masker([Person("1", "Ana Roca")], entities=await opened("gazetteer"))
    text = "Ana Roca: ask Petronella Sonst, 12 Mill Lane, LS1, Leeds. Petronella Sonst knows."
    masked = masker.mask(text)

    assert masked == "<NAME_1>: ask <NAME_2>, <ADDRESS_1>. <NAME_2> knows."
    assert masker.restore(masked) == text
    assert neutral(masked) == "[name]: ask [name], [address]. [name] knows."


@pytest.mark.usefixtures("package")
async def test_where_two_find_the_same_nothing_stays_between() -> None:
    """What has a form of its own keeps its kind; the rest of what the plug-in found is masked around it."""
    masker = Masker([], entities=await opened("gazetteer"))
    text = "12 Mill Lane, ana@x.example, Leeds"

    assert masker.mask(text) == "<ADDRESS_1><EMAIL_1><ADDRESS_2>"
    assert masker.restore(masker.mask(text)) == text


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("name", "kind"),
    [("broken", "ValueError"), ("beyond", "ValueError"), ("odd", "ValueError"), ("half", "RuntimeError")],
)
async def test_a_plug_in_that_fails_lets_nothing_out(name: str, kind: str) -> None:
    """No text without what it would have found, and no word of the ticket in what is told of it."""
    entities = await opened(name)
    masker = Masker([], entities=entities)

    with pytest.raises(EntitiesError) as failed:
        masker.mask("the parcel of Petronella Sonst")
    said = str(failed.value)
    assert f"{name!r} of DESKPILOT_MASKING__ENTITIES failed: {kind}" in said
    assert "Petronella" not in said
    assert failed.value.__suppress_context__  # no log shows the plug-in's own words
    assert isinstance(failed.value, ServiceError)  # the ticket waits, and says why


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gazeteer", "no package offers"),
        ("unmakeable", "cannot be made: OSError"),
        ("missing", "cannot be made: AttributeError"),
        ("no_finder", "has no method `find`"),
    ],
)
async def test_a_plug_in_that_cannot_be_had_prevents_the_start(name: str, said: str, data_dir: Path) -> None:
    """With a sentence that names the setting and says what to do."""
    settings = Settings(data_dir=data_dir, masking=MaskingSettings(entities=name))

    with pytest.raises(SettingsProblem) as problem:
        async with opened_library(settings):
            pass
    (sentence,) = problem.value.problems
    assert "DESKPILOT_MASKING__ENTITIES" in sentence
    assert said in sentence


@pytest.mark.usefixtures("package")
async def test_a_misspelt_name_is_answered_with_those_there_are() -> None:
    """Whoever reads it sees what was meant."""
    with pytest.raises(EntitiesError, match="installed: beyond, broken, gazetteer"):
        await Entities.opened("gazeteer")


@pytest.mark.usefixtures("package")
async def test_the_library_carries_it_to_whoever_masks(data_dir: Path) -> None:
    """Tickets and what is kept of solved ones are masked by the same."""
    async with opened_library(Settings(data_dir=data_dir, masking=MaskingSettings(entities="gazetteer"))) as library:
        assert library.entities is not None
        assert library.entities.find("Petronella Sonst") == [(0, 16, "NAME")]
