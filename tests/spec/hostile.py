"""Loads the hostile specs of a folder, each in a process of its own with limits, and prints what came of it.

``python -m tests.spec.hostile FOLDER`` takes every folder in FOLDER as one case: it loads ``net.yaml`` there, or
what ``reference`` says. One line of JSON for each: the error, or the network, and the time and memory it took.
"""

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from archstat.errors import ArchstatError, SpecError
from archstat.spec import load

CPU_SECONDS = 2
MEMORY = 500 * 2**20
_WALL_SECONDS = 30
_ADDRESSES = 4 * 2**30


def main(folder: Path) -> None:
    load("resnet50")  # so that no case pays for the imports
    for case in sorted(folder.iterdir()):
        print(json.dumps({"case": case.name, **_apart(case)}), flush=True)


def _apart(case: Path) -> dict[str, Any]:
    """Load one case in a child, which a signal may end."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _limit()
        os.close(reader)
        os.chdir(case)
        try:
            os.write(writer, json.dumps(_loaded()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    _, status, used = os.wait4(child, 0)
    return {
        "cpu": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        **(
            json.loads(said)
            if said
            else {"error": f"ended with status {status}", "text": "", "place": ""}
        ),
    }


def _limit() -> None:
    import signal

    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS + 1, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(_WALL_SECONDS)


def _loaded() -> dict[str, Any]:
    asked = Path("reference")
    reference = asked.read_text("utf-8") if asked.exists() else "net.yaml"
    try:
        graph = load(reference).graph
    except ArchstatError as error:
        mark = error.mark if isinstance(error, SpecError) else None
        place = str(mark) if mark else ""
        return {"error": type(error).__name__, "text": str(error)[:20_000], "place": place}
    except BaseException as error:  # what gets here is the finding
        return {"error": type(error).__name__, "text": str(error)[:2_000], "place": ""}
    return {"error": "", "text": f"{len(graph.nodes) - 1} layers", "place": ""}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
