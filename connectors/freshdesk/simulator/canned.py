"""Canned responses of a simulated account, in their folders."""

from __future__ import annotations

from itertools import count

from connectors.freshdesk.simulator.records import CannedFolder, CannedResponse
from connectors.simulated.clock import Clock

_FOLDER = "General"


class Canned:
    """Canned responses are added as agents write them; the vendor's folders are made around them."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._ids = count(43_000_020_001)
        self.folders: dict[int, CannedFolder] = {}
        self.responses: dict[int, CannedResponse] = {}

    def add(self, title: str, html: str, *, group: str, personal: bool) -> int:
        """Store one; a title "Folder::Title" names its folder. group: for its agents. personal: for its owner, in a folder of its own."""
        now = self._clock().replace(microsecond=0)
        folder, _, title = title.rpartition("::")
        place = self._folder("Personal" if personal else folder or _FOLDER, personal=personal)
        visibility = 1 if personal else 2 if group else 0
        response = CannedResponse(
            next(self._ids), place.id, title, html, now, visibility, [next(self._ids)] if group else []
        )
        self.responses[response.id] = response
        return response.id

    def of(self, folder_id: int) -> list[CannedResponse]:
        """What lies in a folder."""
        return [one for one in self.responses.values() if one.folder_id == folder_id]

    def _folder(self, name: str, *, personal: bool) -> CannedFolder:
        for folder in self.folders.values():
            if (folder.name, folder.personal) == (name, personal):
                return folder
        made = CannedFolder(next(self._ids), name, self._clock().replace(microsecond=0), personal)
        self.folders[made.id] = made
        return made
