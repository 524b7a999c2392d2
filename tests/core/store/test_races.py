"""Many at once at one store: quotas are never exceeded, and no job is done twice."""

from __future__ import annotations

import collections
import subprocess
import sys
import threading

import pytest

from semblant.jobs.states import JobType, State
from semblant.store.database import Store
from semblant.store.jobs import LostError
from semblant.store.quotas import EVERYBODY, QuotaError, Resource

HOME = "home"


def at_once(number, work):
    """Call something in many threads at the same moment; give what it gave or raised."""
    barrier = threading.Barrier(number)
    found: list[object] = [None] * number

    def call(n):
        barrier.wait()
        try:
            found[n] = work(n)
        except Exception as exc:  # noqa: BLE001
            found[n] = exc

    threads = [threading.Thread(target=call, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def create(store, rows=0):
    return store.jobs.create(name="n", type=JobType.AD_HOC, home=HOME, orders={}, rows=rows)


@pytest.mark.feature(80, 81)
@pytest.mark.parametrize(("resource", "most", "each"), [(Resource.JOBS, 7, 0), (Resource.ROWS, 1000, 30)])
def test_fifty_creates_at_the_edge_never_exceed_a_quota(url, resource, most, each):
    with Store(url) as store:
        store.quotas.set(resource, most)

        def work(_):
            with Store(url) as own:
                return create(own, each)

        found = at_once(50, work)
        refused = [error for error in found if isinstance(error, QuotaError)]
        assert not [error for error in found if isinstance(error, Exception) and error not in refused]
        wanted = most if resource is Resource.JOBS else most // each
        assert len(found) - len(refused) == wanted
        used = {quota.resource: quota for quota in store.quotas.list("x") if quota.owner == EVERYBODY}[resource]
        assert used.used == wanted * max(each, 1)
        assert used.used <= most
        words = f"{used.used:,.0f} of {most:,.0f}" if resource is Resource.JOBS else f"of {most:,.0f}"
        assert all(words in error.message for error in refused)


@pytest.mark.feature(81)
def test_a_users_own_quota_holds_beside_that_of_all(store, monkeypatch):
    store.quotas.set(Resource.ROWS, 100, "ann")
    store.quotas.set(Resource.ROWS, 150)
    monkeypatch.setenv("SEMBLANT_USER", "ann")
    create(store, 100)
    with pytest.raises(QuotaError, match="of user 'ann' is reached: 100 of 100"):
        create(store, 1)
    monkeypatch.setenv("SEMBLANT_USER", "bob")
    with pytest.raises(QuotaError, match="of this store is reached: 100 of 150"):
        create(store, 51)
    create(store, 50)
    store.quotas.set(Resource.ROWS, None)
    create(store, 1000)


def drain(url, worker, done):
    """Claim, keep alive and finish until nothing is left."""
    with Store(url) as store:
        while (job := store.jobs.claim(worker, HOME)) is not None:
            store.jobs.beat(job.hold)
            try:
                store.jobs.end(job.hold, State.FINISHED)
            except LostError:
                continue
            done.append(job.id)


def test_eight_workers_share_the_jobs_and_none_is_done_twice(url):
    with Store(url) as store:
        wanted = {create(store).id for _ in range(120)}
        done: list[str] = []
        faults = [fault for fault in at_once(8, lambda n: drain(url, f"w{n}", done)) if fault]
        assert faults == []
        assert collections.Counter(done) == dict.fromkeys(wanted, 1)
        assert {job.attempt for job in store.lookup.jobs()} == {1}


_PROGRAM = """
import sys
from tests.core.store.test_races import drain
done = []
drain(sys.argv[1], sys.argv[2], done)
print("\\n".join(done))
"""


@pytest.mark.nightly
def test_eight_processes_do_a_thousand_jobs_once_each(url):
    with Store(url) as store:
        wanted = {create(store).id for _ in range(1000)}
    workers = [
        subprocess.Popen([sys.executable, "-c", _PROGRAM, url, f"w{n}"], stdout=subprocess.PIPE, text=True)
        for n in range(8)
    ]
    done = [line for worker in workers for line in worker.communicate(timeout=600)[0].split()]
    assert [worker.returncode for worker in workers] == [0] * 8
    assert collections.Counter(done) == dict.fromkeys(wanted, 1)
