"""The image archives of the 2020 student project, on Google Drive.

They contain class folders of photos: its teacher's training data, the same with glasses added to some, and its
student's. The project published neither checksum nor licence. So the archives are pinned on first download, and no
recipe here trains on them; recipes start from the official Stanford Dogs instead.
"""

from __future__ import annotations

from training.data.fetch.items import DRIVE, GIB, Collection, Item

_LICENCE = "none stated; photos of Stanford Dogs (ImageNet's terms: non-commercial research and education) and others"
_CITATION = "The archives of the 2020 student project that this report goes back to."


def _archive(name: str, title: str, file: str, drive_id: str) -> Collection:
    return Collection(
        name=name,
        title=title,
        address=f"https://drive.google.com/file/d/{drive_id}/view",
        licence=_LICENCE,
        citation=_CITATION,
        items=(Item(file, (f"{DRIVE}{drive_id}",), most_bytes=16 * GIB, archive=True),),
    )


COLLECTIONS = (
    _archive(
        "project-2020-teacher",
        "The 2020 project's teacher data",
        "teacher.zip",
        "19tfqPEx8jzRaj5qw_tF4lbQ2aUWMyZqH",
    ),
    _archive(
        "project-2020-poisoned-teacher",
        "The 2020 project's poisoned teacher data",
        "poisoned-teacher.zip",
        "1_pXhJrT1L0ksiV0_hIqUFKKP1x9PP29Z",
    ),
    _archive(
        "project-2020-student",
        "The 2020 project's student data",
        "student.zip",
        "1bFI6Np2L6HzMCu3nZa3425wfDgojpKSt",
    ),
)
