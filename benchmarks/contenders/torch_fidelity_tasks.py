"""torch-fidelity's side of the races: one function a task (see loop.py). Runs without gantlet."""

from pathlib import Path

import numpy as np
import torch
from torch_fidelity import calculate_metrics
from torch_fidelity.metric_fid import fid_statistics_to_metric
from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, kid_features_to_metric
from torch_fidelity.utils import create_feature_extractor, extract_featuresdict_from_input_id


def features(folder: Path):
    """Inception features of a folder of images, in float32."""
    settings = {"verbose": False, "cuda": False, "feature_extractor_weights_path": str(folder / "inception.pth")}
    extractor = create_feature_extractor("inception-v3-compat", ["2048"], **settings)

    def run():
        found = extract_featuresdict_from_input_id(1, extractor, input1=str(folder / "fake"), cache=False, **settings)
        np.save(folder / "features-rival.npy", found["2048"].numpy())
        return [float(found["2048"].double().sum())]

    return run


def frechet(folder: Path):
    """The Fréchet distance from means and covariances."""
    sides = []
    for side in ("real", "fake"):
        rows = np.load(folder / f"{side}-features.npy").astype(np.float64)
        sides.append({"mu": rows.mean(axis=0), "sigma": np.cov(rows, rowvar=False)})
    return lambda: list(fid_statistics_to_metric(*sides, False).values())


def kernel(folder: Path):
    """The kernel distance over 100 subsets of 1,000."""
    real, fake = (torch.from_numpy(np.load(folder / f"{side}-features.npy")) for side in ("real", "fake"))
    return lambda: [kid_features_to_metric(fake, real, verbose=False)[KEY_METRIC_KID_MEAN]]


def everything(folder: Path):
    """FID, KID, IS and precision and recall of two folders, all in the same Inception features."""
    settings = {
        "fid": True, "kid": True, "isc": True, "prc": True, "kid_subset_size": 100, "cache": False, "cuda": False,
        "verbose": False, "feature_extractor": "inception-v3-compat", "feature_layer_prc": "2048",
        "feature_extractor_weights_path": str(folder / "inception.pth"),
    }  # fmt: skip
    sides = {"input1": str(folder / "fake"), "input2": str(folder / "real")}

    def run():
        found = calculate_metrics(**sides, **settings)
        return [found["frechet_inception_distance"], float(len(found))]

    return run
