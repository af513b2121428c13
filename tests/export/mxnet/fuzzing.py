"""Damaged checkpoints: whatever happens to the files, reading and converting ends in a model or in our own error.

python -m tests.export.mxnet.fuzzing [MUTATIONS [SEED]]    writes site_assets/metrics/mxnet-fuzz.json
"""

from __future__ import annotations

import json
import random
import resource
import struct
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from export.mxnet.check import check
from export.mxnet.checkpoint import parse_parameters
from export.mxnet.convert import convert
from export.mxnet.errors import MxnetError
from export.mxnet.graph import parse_graph
from training.core.files import write_text

VECTORS = Path(__file__).with_name("vectors")
METRICS = Path(__file__).parents[3] / "site_assets" / "metrics" / "mxnet-fuzz.json"
CHECKPOINTS: dict[str, dict[str, tuple[int, ...]]] = {
    "mlp": {"data": (2, 20)},
    "defaults": {"data": (2, 3, 9, 9)},
    "lenet": {"data": (1, 1, 28, 28)},
}
ARRAY_FILES = ("row-sparse", "dtypes", "numpy-shapes")
CHECKED = 0.05
"""Fraction of the mutants that still convert and are run as well."""
NUMBERS = (0, 1, 2, 7, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1, (1 << 64) - 1)
TEXTS = (
    "",
    "None",
    "True",
    "(",
    "(3, 3)",
    "(0, 0)",
    "1",
    "7",
    "-1",
    "()",
    "1e400",
    "nan",
    "(9" * 50,
    "99999999999",
    "é",
    "[" * 200,
)


@cache
def originals() -> dict[str, tuple[bytes, bytes]]:
    """Symbol and parameters of each checkpoint; array files alone have no symbol."""
    pairs = {
        name: ((VECTORS / f"{name}-symbol.json").read_bytes(), (VECTORS / f"{name}-0000.params").read_bytes())
        for name in CHECKPOINTS
    }
    return pairs | {name: (b"", (VECTORS / f"{name}.params").read_bytes()) for name in ARRAY_FILES}


def attempt(seed: int) -> str:
    """Damage one checkpoint in the way that the seed says, and convert it; gives what became of it.

    Any exception but `MxnetError` is a finding, and passes through.
    """
    rng = random.Random(seed)
    name = rng.choice(list(originals()))
    symbol, parameters = originals()[name]
    where = rng.choice(("bytes", "symbol text", "symbol tree", "symbol tree")) if symbol else "bytes"
    if where == "bytes":
        parameters = mutate_bytes(parameters, rng)
    elif where == "symbol text":
        symbol = mutate_bytes(symbol, rng)
    else:
        symbol = mutate_tree(symbol, rng)
    try:
        arrays = parse_parameters(parameters, "fuzzed.params")
        if not symbol:
            return "read"
        converted = convert(parse_graph(symbol, "fuzzed.json"), arrays, CHECKPOINTS[name])
        if rng.random() > CHECKED:
            return "converted"
        check(converted.model.SerializeToString(), converted.inputs)
    except MxnetError as error:
        return type(error).__name__ if len(str(error)) < 1000 else "error too long to read"
    return "converted and run"


def mutate_bytes(content: bytes, rng: random.Random) -> bytes:
    """Cut, flip, overwrite, insert, remove or repeat, once or a few times."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at = rng.randrange(len(changed) + 1)
        match rng.randrange(6):
            case 0:
                del changed[at:]
            case 1 if at < len(changed):
                changed[at] ^= 1 << rng.randrange(8)
            case 2:
                number = struct.pack("<Q", rng.choice(NUMBERS))[: rng.choice((1, 2, 4, 8))]
                changed[at : at + len(number)] = number
            case 3:
                changed[at:at] = rng.randbytes(rng.randrange(1, 9))
            case 4:
                del changed[at : at + rng.randrange(1, 33)]
            case _:
                changed[at:at] = changed[max(0, at - 16) : at]
    return bytes(changed)


def mutate_tree(content: bytes, rng: random.Random) -> bytes:
    """Replace, remove or repeat something in the symbol's JSON."""
    document = json.loads(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        places = list(_places(document))
        holder, key = rng.choice(places)
        match rng.randrange(4):
            case 0:
                holder[key] = rng.choice(TEXTS)
            case 1:
                holder[key] = rng.choice((None, True, -1, 0, 1, 2.5, 10**30, [], {}, [0, 0, 0]))
            case 2:
                del holder[key]
            case _:
                _, other = rng.choice(places)
                if isinstance(holder, list):
                    holder.append(holder[key])
                else:
                    holder[str(other)] = holder[key]
        if next(_places(document), None) is None:
            break
    return json.dumps(document).encode()


def _places(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Every place in a JSON document: its holder and its key."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield value, key
        yield from _places(child)


def main(mutations: int = 200_000, seed: int = 0) -> None:
    """Fuzz, print and write what became of the mutants."""
    attempt(seed)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    counts: Counter[str] = Counter()
    unexpected: dict[int, str] = {}
    for number in range(seed, seed + mutations):
        try:
            counts[attempt(number)] += 1
        except Exception as error:  # noqa: BLE001 - every other error is a finding
            unexpected[number] = f"{type(error).__name__}: {error}"
    grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    seconds = time.perf_counter() - start
    result = {"mutations": mutations, "seed": seed, "outcomes": dict(counts.most_common()), "other_errors": unexpected}
    write_text(METRICS, json.dumps(result | {"memory_growth": grown, "seconds": round(seconds, 1)}, indent=1) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
