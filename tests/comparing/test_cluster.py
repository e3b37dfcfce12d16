"""The same grid on a Dask cluster of two processes, one of which is killed in the middle."""

import os
import signal
import sys
import threading

import pytest

from tinygrad_rnn.cli import main
from tinygrad_rnn.comparing.cluster import connect

from .small import compare, hold, texts, wait_for_a_step


def test_without_dask_a_line_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ModuleNotFoundError, match=r"a scheduler needs Dask: pip install 'tinygrad-rnn\[dask\]'"):
        connect("tcp://127.0.0.1:1")
    assert main(["compare", "adding", "--scheduler", "tcp://127.0.0.1:1", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "tinygrad-rnn compare: error: a scheduler needs Dask: pip install 'tinygrad-rnn[dask]'\n"  # fmt: skip


@pytest.mark.filterwarnings("default")  # those of Dask and its dependencies are theirs
def test_a_dask_cluster_gives_the_same_to_the_bit_though_a_worker_is_killed(tmp_path, whole):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    killed = []

    def kill():
        wait_for_a_step(tmp_path)
        killed.append(next(iter(cluster.workers.values())).pid)
        os.kill(killed[0], signal.SIGKILL)
        (tmp_path / "go").touch()

    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            client.run(hold)
        killer = threading.Thread(target=kill)
        killer.start()
        found = compare(tmp_path, scheduler=cluster.scheduler_address)
        killer.join()
        assert texts(found) == texts(compare(whole))
        assert killed[0] not in [worker.pid for worker in cluster.workers.values()]
