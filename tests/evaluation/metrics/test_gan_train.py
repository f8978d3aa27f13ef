"""GAN-train: the coverage of its interval; its values: test_gan_train_test."""

from covering import Case, covers
from draws import told_rightly


@covers("gan_train", given="the trained classifier")
def test_the_interval_covers_the_chance_of_a_right_answer() -> Case:
    return told_rightly(0.8)
