"""The six claims of the source text that a class guesses first: what is asked, between which bounds, and what to try."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A guess on the decisive number of the lab ``lab``.

    ``quote`` is the source text's sentence, ``meaning`` the same in English. ``bounds`` cut the numbers into the guesses, which
    ``guesses`` name from the smallest on; the one that holds the lab's number is right. ``game`` and ``data`` show the matter in
    the page where it can be shown.
    """

    lab: str
    title: str
    quote: str
    meaning: str
    asked: str
    unit: str
    bounds: tuple[float, ...]
    guesses: tuple[str, ...]
    game: str = ""
    data: str = ""
    hint: str = ""

    def right(self, value: float) -> int:
        """Return which guess a number belongs to: the number of bounds that it reaches."""
        return sum(value >= bound for bound in self.bounds)


QUESTIONS = (
    Question(
        "two-modes", "One mode of two",
        "假设某个data distribution有两个模式……,generator可能就只学到一个mode,另一个mode则完全没学到。",
        "Where the data have two modes, the generator may learn one of them only, and the other not at all.",
        "The data have two modes. Twenty trainings use the two losses of the first GAN, each with other random numbers. "
        "Which share of them ends with good samples of one mode only?",
        "share of the trainings", (0.02, 0.2, 0.75), ("none", "fewer than one in five", "one in five to three in four", "nearly all"),
        "nonsaturating", "two-modes", "Play seeds 1 to 6, 400 steps each: how many lose a mode? Then the same with RpGAN.",
    ),
    Question(
        "weight-clipping", "Weights at the two ends",
        "在某些情况下,weight clipping会导致weight集中在两端,这样整个网络就退化成二值网络了。",
        "Clipping may gather the weights at both ends, so that the network becomes one of two values.",
        "A critic's weights are cut to ±c after each step. Which share of them lies within 5 % of ±c after the training?",
        "share of the weights", (0.1, 0.5, 0.9),
        ("under 10 %: a few outliers", "10 to 50 %", "50 to 90 %", "over 90 %: nearly all"),
        "wgan-clip", "ring", "Watch the histogram of the weights; then compare WGAN-GP.",
    ),
    Question(
        "gp-is-local", "A penalty is no guarantee",
        "WGAN-GP只是对于梯度的模大于1的区域的x作出了惩罚,它并没有保证每一个x的梯度的模都小于或等于1。",
        "The penalty acts where the slope is above 1; it does not guarantee that every slope is at most 1.",
        "The gradient penalty draws the critic's slope towards 1 between real and generated points. "
        "How steep is the steepest place of the whole box around the data?",
        "largest slope", (1.005, 1.1, 4.0),
        ("at most 1: the condition holds", "1 to 1.1: it nearly holds", "1.1 to 4", "more than 4"),
        "wgan-gp", "ring", "The steepest slope of the surface in view stands under it.",
    ),
    Question(
        "inception-score-blind", "Noise against the truth",
        "均匀分布U(-100,100),正态分布N(0, 20),因为它们都可以得到H(y)=log 2……反而真正的分布,左右两个正态分布对应的Inception Score小于前面这些分布。",
        "Wide noise gets a high score, and the true distribution a lower one.",
        "Wide noise and samples of the true distribution get an Inception Score under the best possible two-class network. "
        "By how much does the noise that scores least exceed the truth?",
        "score of the noise minus score of the truth", (-0.05, 0.05),
        ("it does not: the truth scores more", "they score the same", "the noise scores more"),
    ),
    Question(
        "inception-score-intra-class", "Fifty copies in every class",
        "如果各类中的50个图片,都是一模一样的,仍然是mode collapse。Inception Score无法检测这种情况。",
        "Fifty equal pictures in every class are a collapse all the same, and the Inception Score cannot see it.",
        "Fifty different images of each digit are replaced by fifty copies of one. What is left of the Inception Score?",
        "share of the score that is left", (0.25, 0.75, 0.95),
        ("less than a quarter", "25 to 75 %", "75 to 95 %", "95 % or more"),
    ),
    Question(
        "collapse-is-discontinuity", "A continuous map cannot jump",
        "GAN模式崩溃的理论解释",
        "A theoretical explanation of mode collapse (a title in the source's list; the claim is Gu's and co-workers').",
        "The best map onto separate modes jumps; a network cannot, and a GAN leaves mass where no data are. Exact transport makes new "
        "points away from its jumps. How much of its mass lies outside the data, in the worst of grid, ring and C?",
        "share of the transported mass outside", (0.005, 0.05, 0.2),
        ("under 0.5 %: next to none", "0.5 to 5 %", "5 to 20 %", "more than 20 %: as much as a GAN"),
        "nonsaturating", "grid", "Look at the points between modes, and at the jumps (thick lines) of the exact map below.",
    ),
)  # fmt: skip
