"""Pictures of what a recurrent cell remembers: gradients over distance, and the loss of a task that needs memory."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure

SHOWN = 1e-14, 1e14     # norms
COLORS = matplotlib.colormaps["tab10"]


def gradients_and_losses(norms: Mapping[str, Sequence[float]], bounds: Mapping[str, Sequence[float]],
                         steps: Sequence[int], losses: Mapping[str, Sequence[float]], guessing: float,
                         task: str) -> Figure:
    """Norms of gradients on the left, on a logarithmic scale; on the right the losses, and that of guessing.

    Args:
      norms: by name of a cell, `[D + 1]` norms for the distances 0 to D.
      bounds: by the names of some of them, what they cannot exceed; drawn dotted in the same color.
      steps: `[S]` training steps.
      losses: by name of a cell, `[S]` losses in nats per step of a sequence.
      guessing: the loss of the best guess that remembers nothing.
      task: the title of the right frame.
    """
    figure = Figure(figsize=(15, 5.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    colors = {name: COLORS(place % 10) for place, name in enumerate(norms)}
    for name, values in norms.items():
        left.plot(np.clip(values, *SHOWN), color=colors[name], label=name, linewidth=2)
    for name, values in bounds.items():
        left.plot(np.clip(values, *SHOWN), ":", color=colors[name], label=f"bound of {name}")
    lowest, highest = min(map(min, norms.values())), max(map(max, norms.values()))
    left.set(yscale="log", ylim=(max(lowest / 10, 2 * SHOWN[0]), min(highest * 10, SHOWN[1] / 2)),
             xlabel="distance d [steps]", ylabel="norm",
             title="Gradient of the last output by earlier states")
    left.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    for name, values in losses.items():
        right.plot(steps, values, color=colors.get(name), label=name, linewidth=2)
    right.axhline(guessing, color="gray", linestyle="--", label=f"guessing, {guessing:.3f}")
    right.set(ylim=(0, 2.5 * guessing), xlabel="training step", ylabel="loss [nats per step of a sequence]",
              title=task)
    right.legend()
    for axes in (left, right):
        axes.grid(alpha=0.3)
    return figure
