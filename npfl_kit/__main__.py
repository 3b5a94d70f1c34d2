"""`python -m npfl_kit` is `npfl-kit`."""
import sys

from npfl_kit.cli import main

if __name__ == "__main__":
    sys.exit(main.entry())
