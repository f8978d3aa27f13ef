"""Words of the field that name no metric here: what is meant by each, and how to get the published number."""

import re

WEIGHTS = (
    "Inception's weights are downloaded once, or given by --weights PATH; gantlet doctor says whether they are here"
)
FIELD_WORDS = {
    "fid": f"FID is the Fréchet distance in Inception features: --protocol fid ({WEIGHTS}). In this evaluation's features it is "
    "the metric frechet_distance, or frechet_distance_debiased",
    "clean-fid": f"clean-fid is FID with another resize: --protocol clean-fid ({WEIGHTS})",
    "sfid": f"sFID is the Fréchet distance in Inception's spatial features: --protocol adm ({WEIGHTS}), with FID, precision and "
    "recall beside it; alone: --features 'inception-v3[tap=spatial]' --metrics frechet_distance",
    "kid": f"KID is the kernel distance in Inception features: --protocol kid ({WEIGHTS}). In this evaluation's features it is the "
    "metric kernel_distance",
    "is": f"IS is the Inception Score: the metric inception_score with --features inception-v3 ({WEIGHTS}); "
    "with other features it is the score of their classes",
    "prdc": "PRDC stands for four metrics: --metrics precision,recall,density,coverage",
    "pr": "precision and recall are two metrics: --metrics precision,recall",
    "lpips": "LPIPS is not built in; paired images are compared by ssim and psnr (--pairs), and the variety inside one set is measured by "
    "ms_ssim_diversity and vendi_score",
    "clip": "CLIP is a feature space: --features clip, and --protocol cmmd for CMMD",
    "cmmd": "CMMD is the distance mmd_rbf in CLIP features: --protocol cmmd",
    "clip-score": "a CLIP score compares images with texts, which this program does not read; CLIP features are --features clip",
    "fdd": "FDD is the Fréchet distance in DINOv2 features: --protocol fd-dinov2",
    "fd-dinov2": "FD-DINOv2 is the Fréchet distance in DINOv2 features: --protocol fd-dinov2",
    "mmd": "MMD is the metric kernel_distance (polynomial kernel, as KID) or mmd_rbf (Gaussian kernel, as CMMD)",
    "fd": "FD is the metric frechet_distance, or frechet_distance_debiased",
    "fdr": "FDr is the metric frechet_ratio; its mean over six networks' spaces is --protocol fdr6",
    "fwd": "FWD is the mean over packets of frechet_distance in wavelet features: gantlet explain wavelet",
    "ken": "KEN is the metric kernel_entropy_novelty",
    "rarity": "it is the metric rarity_score",
    "vendi": "it is the metric vendi_score",
    "emd": "it is the metric wasserstein_exact, or sliced_wasserstein for many images",
    "swd": "it is the metric sliced_wasserstein",
    "1-nn": "it is the metric one_nn_accuracy",
    "c2st": "it is the metric classifier_two_sample",
}
"""By the word in lower case, with - for _ and spaces."""


_VARIANT = re.compile(
    r"(fid|kid|fd|is|sfid|lpips|mmd|cmmd|prdc|fdd)(?:-?\d+k?|-(?:score|mean|std|full|inf|infinity|inception|clip|\d+k?))"
)
"""How papers and other tools vary a word: fid50k, fid-score, kid_mean."""


def meant_by(name: str) -> str:
    """Return what a word of the field means here as a sentence, or ''; upper and lower case, - and _ are the same, and so is fid50k to fid."""
    word = name.strip().lower().replace("_", "-").replace(" ", "-")
    stem = _VARIANT.fullmatch(word)
    return FIELD_WORDS.get(word) or FIELD_WORDS.get(stem[1] if stem else "", "")
