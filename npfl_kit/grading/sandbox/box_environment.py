"""The environment variables of a box: a list of ours, whatever the grader's own environment has."""
from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

THREADS = 2         # of TensorFlow's pools and of OpenMP; not the number of cores, on which some sums depend
MAY_ADD = re.compile(r"(NPFL_KIT|TF|OMP|MKL|XLA|CUDA)_[A-Z0-9_]+")


def variables(box: str, home: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """The variables that a student's process sees.

    Args:
      box: its working folder, as it sees it; HOME, temporary files and caches are there.
      home: the folder whose `datasets` describe the data sets of the kit.
      extra: more of them, or other values: those of the kit, of TensorFlow, OpenMP, MKL, XLA and CUDA.
    Raises: ValueError for another name in `extra`, as a secret must not come in by mistake.

    >>> variables("/box", Path("/kit"), {"OMP_NUM_THREADS": "1"})["OMP_NUM_THREADS"]
    '1'
    """
    if strange := [name for name in extra if not MAY_ADD.fullmatch(name)]:
        raise ValueError(f"variables of a box are NPFL_KIT_*, TF_*, OMP_*, MKL_*, XLA_* or CUDA_*, got {strange}")
    return {"HOME": box, "TMPDIR": box, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC",
            "PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "MPLBACKEND": "Agg", "MPLCONFIGDIR": f"{box}/.matplotlib",
            "NPFL_KIT_HOME": str(home), "NPFL_KIT_OFFLINE": "1", "NPFL_KIT_CACHE": f"{box}/.cache",
            "TF_CPP_MIN_LOG_LEVEL": "3", "TF_NUM_INTRAOP_THREADS": str(THREADS),
            "TF_NUM_INTEROP_THREADS": str(THREADS), "OMP_NUM_THREADS": str(THREADS), "CUDA_VISIBLE_DEVICES": "-1",
            **extra}
