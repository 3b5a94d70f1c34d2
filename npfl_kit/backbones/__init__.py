"""Networks for pictures: `build` by name, `from_grammar` step by step, `Parts` to vary them."""
from npfl_kit.backbones.by_name import NAMES, PATTERNS, build, describe
from npfl_kit.backbones.grammar import from_grammar
from npfl_kit.backbones.parts import Parts

__all__ = ["NAMES", "PATTERNS", "Parts", "build", "describe", "from_grammar"]
