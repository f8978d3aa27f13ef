"""MODEL_CARD.md of a run: its training data and its quality, with intervals."""

from pathlib import Path

from gantlet.core.config import TrainConfig
from gantlet.core.files import write_text
from gantlet.core.results.report import Report
from gantlet.core.version import __version__
from gantlet.core.visible import visible
from gantlet.core.words import counted


def write_model_card(out: Path, config: TrainConfig, report: Report, best: Report | None = None) -> Path:
    """Write the card from the run's configuration, its final report and the report of its best checkpoint; return the card's path."""
    of_best = {e.metric: e.text for e in best.estimates if e.value is not None} if best else {}
    rows = "\n".join(
        f"| {e.metric} | {e.text} | {of_best.get(e.metric, '—')} | {e.reference.text if e.reference else '—'} "
        f"| {'lower' if e.lower_is_better else 'higher'} |"
        for e in report.estimates
        if e.value is not None
    )
    verdict = "\n".join(f"- {line}" for line in report.verdict)
    start = f", from the weights of `{config.init_from}`" if config.init_from else ""
    text = f"""---
library_name: gantlet
tags: [gan, image-generation]
license: unknown
---
# {out.resolve().name}

A GAN trained with gantlet {__version__} by the recipe `{config.recipe or "(none)"}` on `{config.data}`, seed {config.seed},
{counted(config.steps, "generator step")} of batch {config.batch}{start}. Please state the licence of the weights in `license` above.

## Verdict
{verdict}

## Metrics
{counted(report.n_fake, "generated image")} against {counted(report.n_real, "real one")} (`{report.real}`), features `{report.features["name"]}`,
{report.estimates[0].level:.0%} intervals; the reference is real against held-out real. The best
checkpoint is the one with the smallest `{config.select}` in the evaluations during training (largest, where larger is better).

| metric | final [interval] | best checkpoint [interval] | reference | better when |
|---|---|---|---|---|
{rows}

## Use
```python
import gantlet
images = gantlet.load("{out.name}").sample(16)
```
"""
    write_text(out / "MODEL_CARD.md", visible(text))
    return out / "MODEL_CARD.md"
