"""Triangles: every promise of the generator, measured on the pictures and on the corners."""

import numpy as np
import pytest

from gantlet.core.errors import ConfigError
from gantlet.data.opening import open_images
from gantlet.data.triangles import angles, render, vertices


def test_sizes_of_the_paper() -> None:
    train = open_images("triangles")
    test = open_images(train.held_out)
    assert (len(train), len(test)) == (60_000, 20_000)
    assert train.read(59_999).shape == (28, 28, 1)
    assert train.names[-1] != test.names[0]
    assert open_images(test.held_out).digest == train.digest != test.digest


def test_angles_and_centroids() -> None:
    corners = vertices(2_000, 0)
    np.testing.assert_allclose(angles(corners).sum(axis=1), 180, atol=1e-6)
    assert angles(corners).min() >= 20
    np.testing.assert_allclose(corners.mean(axis=1), 0.5, atol=1e-12)
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    assert edges.max() <= 0.75 * np.sqrt(2)
    equilateral = np.array([[[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]]])
    np.testing.assert_allclose(angles(equilateral), 60)


def test_pictures_have_the_area_and_the_middle_of_the_triangle() -> None:
    for corners in vertices(50, 1):
        image = render(corners)[:, :, 0] / 255
        (a, b), (c, d) = corners[1] - corners[0], corners[2] - corners[0]
        area = abs(a * d - b * c) / 2 * 28**2
        # the outline counts as inside: half a subpixel along the edges, at most 28·3·√2·.75/16 pixels
        assert area - 0.5 <= image.sum() <= area + 28 * 3 * 0.75 * np.sqrt(2) / 8
        ys, xs = np.mgrid[0:28, 0:28] + 0.5
        assert abs((image * xs).sum() / image.sum() - 14) < 0.3
        assert abs((image * ys).sum() / image.sum() - 14) < 0.3
    assert len(np.unique(render(vertices(1, 2)[0]))) > 10  # the edges are smooth


@pytest.mark.parametrize("text", ["triangles[split=val]", "triangles[n=4]", "triangles[seed=-1]"])
def test_bad_options(text: str) -> None:
    with pytest.raises(ConfigError):
        open_images(text)
