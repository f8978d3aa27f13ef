"""Frames of clips, suspected by the names of the files; and names that are none."""

import pytest

from gantlet.data.clips import clip_note


def numbered(*stems: str, n: int = 8, step: int = 1) -> list[str]:
    return [f"{stem}{i * step:04}.png" for stem in stems for i in range(n)]


CLIPS = [f"clip_{i:03}" for i in range(12)]
UNNAMED = [f"g{i:02}-c01_" for i in range(12)]


@pytest.mark.parametrize(
    ("names", "clips", "n"),
    [
        (numbered(*(f"{clip}_" for clip in CLIPS)), 12, 96),
        (numbered(*(f"walking/{clip}/" for clip in CLIPS)), 12, 96),
        (numbered("video1_frame", "video2_frame", n=30), 2, 60),
        (numbered("cat_frame_", "dog_frame_", n=30), 2, 60),
        (numbered(*UNNAMED), 12, 96),
        ([*numbered(*(f"{clip}_" for clip in CLIPS)), "a.png", "b.png"], 12, 96),
        (numbered("scene-04-", n=50), 1, 50),
    ],
)
def test_clips_are_suspected_and_counted(names: list[str], clips: int, n: int) -> None:
    word = "clip" if clips == 1 else "clips"
    assert clip_note(names) == (
        f"the names suggest frames of {clips} {word} ({n} images): frames of one clip are dependent, and intervals "
        f"are too narrow unless --groups {'parent' if names[0].startswith('walking') else 'stem'} is given"
    )


@pytest.mark.parametrize(
    "names",
    [
        numbered("img_", n=96),
        numbered("", n=96),
        numbered(*(f"{i}_" for i in range(10)), n=20),
        numbered(*(f"class{i}/" for i in range(10)), n=20),
        numbered(*(f"rank{i}_" for i in range(4)), n=20),
        numbered(*(f"class_{i}_" for i in range(4)), n=20),
        numbered(*(f"n0144{i:04}_" for i in range(4)), n=20),
        numbered(*(f"pose3{c}/pose3{c}_" for c in "abc"), n=20),
        numbered(*UNNAMED, step=3),
        numbered(*UNNAMED, n=3),
        numbered(*(f"{clip}_" for clip in CLIPS), n=2),
        [*numbered(*(f"{clip}_" for clip in CLIPS)), *numbered("img_", n=97)],
        ["no number.png", "README.png"],
        [],
    ],
)
def test_other_names_are_no_clips(names: list[str]) -> None:
    assert clip_note(names) == ""
