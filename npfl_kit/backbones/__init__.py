"""Networks for pictures: `build` by name, `from_grammar` step by step, `Parts` to vary them."""
from npfl_kit.backbones.by_name import NAMES, PATTERNS, build, describe
from npfl_kit.backbones.grammar import from_grammar
from npfl_kit.backbones.parts import Parts
from npfl_kit.backbones.feature_stages import NAMES as STAGES
from npfl_kit.backbones.feature_stages import stages

__all__ = ["NAMES", "PATTERNS", "Parts", "STAGES", "build", "describe", "from_grammar", "stages"]
