"""One TOML a method: ``[train]`` holds its paper's hyper-parameters, ``[laptop]`` what a laptop changes of them.

The keys of both tables are fields of TrainConfig. A recipe without a paper's values has the laptop's only, and says why
under ``only_laptop``. ``[page]`` holds what the documentation says about it: PAGE.
"""

from gantlet.training.recipes.loading import PAGE, RECIPES, SIZES, load

__all__ = ["PAGE", "RECIPES", "SIZES", "load"]
