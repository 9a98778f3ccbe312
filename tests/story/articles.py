"""A small knowledge base for the story: four articles, one of them internal, one in German."""

from __future__ import annotations

from pathlib import Path

HELP = "https://help.kettlewick.example"

ARTICLES = {
    "parcels.md": f"""---
title: When a parcel does not arrive
url: {HELP}/parcels
language: en
---
If the tracking has not moved for seven working days, we treat the parcel as lost.

## A new kettle or your money back

Write to us with the order number. We send a new kettle free of charge, or refund the order within five working days.
""",
    "descaling.md": f"""---
title: Descaling your kettle
url: {HELP}/descaling
language: en
---
Limescale makes a kettle loud and leaves white flakes in the tea.

## How to descale

1. Dissolve 30 g of citric acid in one litre of cold water.
2. Heat it to 60 degrees and wait for twenty minutes.
3. Rinse the kettle three times.

Do not use vinegar: it damages the seal.
""",
    "entkalken.de.md": f"""---
title: Wasserkocher entkalken
url: {HELP}/de/entkalken
language: de
---
Kalk macht den Wasserkocher laut und hinterlässt weiße Flocken im Tee.

## So entkalken Sie

1. Lösen Sie 30 g Zitronensäure in einem Liter kaltem Wasser.
2. Erhitzen Sie die Lösung auf 60 Grad und warten Sie zwanzig Minuten.
3. Spülen Sie den Wasserkocher dreimal aus.

Verwenden Sie keinen Essig: er beschädigt die Dichtung.
""",
    "goodwill.md": f"""---
title: Goodwill for lost parcels
url: {HELP}/internal/goodwill
language: en
audience: internal
---
Agents may add a tea sampler worth up to 15 pounds to the replacement of a lost parcel without asking the team lead.
""",
}


def write_articles(folder: Path) -> Path:
    """The knowledge base as files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in ARTICLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
