"""The command: `python -m benchmarks`. See the package's docstring."""

from __future__ import annotations

import os

if __name__ == "__main__":  # one thread each; libraries read this when they are imported
    for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[_name] = "1"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import argparse
import contextlib
import json
import platform

from tinygrad_rnn.atomic import write_atomically
from tinygrad_rnn.config import configuration

from . import (
    against,
    attention,
    floor,
    growth,
    layers,
    numpy_peers,
    ops,
    peers,
    pictures,
    processes,
    summary,
    tasks,
    training,
    watching,
)

TABLES = {
    "chain": ops.chain,
    "lstm": ops.lstm,
    "layers": layers.rnn_layers,
    "ways": layers.other_ways,
    "floor": floor.floor,
    "attention": attention.attention,
    "training": training.training,
    "tasks": tasks.tasks,
    "watching": watching.watching,
    "numpy": numpy_peers.numpy_peers,
    "memory": processes.peak_memory,
    "length": growth.length,
    "batch": growth.batch,
    "hidden": growth.hidden,
    "nodes": ops.nodes,
    "pictures": pictures.pictures,
    "imports": processes.import_time,
    "node-memory": ops.node_memory,
    "inference": layers.inference,
    "sampling": layers.sampling,
    "first-call": processes.first_call,
}


def main(arguments: list[str] | None = None) -> None:
    """Run the tables that were asked for, print them, and write JSON and the plot."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ratios of cost, ours / theirs.")
    parser.add_argument("--only", nargs="+", choices=TABLES, metavar="NAME", help=f"some of: {', '.join(TABLES)}")
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds: to see that it runs")
    parser.add_argument("--against", metavar="PATH", help="compare with another checkout, in its folder PATH, instead")
    parser.add_argument(
        "--rounds", type=int, default=against.ROUNDS, help="with --against: rounds of each of three pairs of workers"
    )
    parser.add_argument("--json", metavar="FILE", help="write all numbers, in seconds and bytes")
    parser.add_argument("--write", nargs="+", metavar="FILE", help="put the short table into README.md, docs/speed.md")
    parser.add_argument("--plot", metavar="FILE", help="draw cost against T, B, H and the number of nodes")
    options = parser.parse_args(arguments)
    if (options.plot or options.write) and options.against:
        parser.error("--plot and --write are about this checkout against other libraries: leave --against out")
    if options.write and "OPENBLAS_CORETYPE" in os.environ:
        parser.error("--write: not while OPENBLAS_CORETYPE chooses other BLAS kernels than the machine's own")
    facts = {"python": platform.python_version(), **peers.versions()}
    if "OPENBLAS_CORETYPE" in os.environ:
        print(f"NOT THE MACHINE'S OWN BLAS KERNELS: OPENBLAS_CORETYPE={os.environ['OPENBLAS_CORETYPE']} is set")
    print(f"{processor()}; BLAS: {configuration()['BLAS']}")
    print("one thread, float32, processor time, medians of interleaved rounds")
    print(", ".join(f"{name} {version}" for name, version in facts.items()) + "\n")
    tables = {}
    if options.against:
        tables["against"] = against.against(options.against, options.only, options.quick, options.rounds)
        print(tables["against"])
    else:
        chosen = [*(growth.PANELS.values() if options.plot else ()), *(summary.NEEDED if options.write else ())]
        for name in dict.fromkeys([*(options.only or (chosen if options.write else TABLES)), *chosen]):
            tables[name] = TABLES[name](options.quick)
            print(tables[name], flush=True)
    if peers.missing:
        print(f"not installed, left out: {', '.join(peers.missing)}")
    if options.json:
        made = {"versions": facts, "machine": processor(), "BLAS": configuration()["BLAS"],
                "tables": {name: table.as_dict() for name, table in tables.items()}}  # fmt: skip
        write_atomically(options.json, json.dumps(made, indent=1))
    for file in options.write or ():
        machine = f"{processor()}, one thread; {configuration()['BLAS']}; {', '.join(map(' '.join, facts.items()))}."
        summary.write(file, summary.summary(tables, machine))
    if options.plot:
        growth.plot(options.plot, tables)


def processor() -> str:
    """Its name, as far as the system tells."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
