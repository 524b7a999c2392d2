"""The state machine: whatever is tried in whatever order, only the arrows of the table are walked."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule
from sqlalchemy import literal

from semblant.jobs.states import TRANSITIONS, JobType, State, allowed, states_reference
from semblant.store.database import Store
from semblant.store.jobs import LEASE_SECONDS, LostError, StateError
from semblant.store.records import Hold

HOME = "home"


class TimedStore(Store):
    """A store whose clock is the test's."""

    clock = 1000.0

    def now(self):
        return literal(self.clock)


def new_job(store, **options):
    return store.jobs.create(name="calm-otter", type=JobType.AD_HOC, home=HOME, orders={"kind": "run"}, **options)


class Life(RuleBasedStateMachine):
    """Several workers at one store, which die, stall and come back; a model says what each call must do."""

    jobs = Bundle("jobs")
    holds = Bundle("holds")

    @initialize()
    def open(self):
        self.store = TimedStore("sqlite://")
        self.state: dict[str, State] = {}
        self.current: dict[str, Hold] = {}
        self.lease: dict[str, float] = {}
        self.final: dict[str, object] = {}
        self.cancelling: set[str] = set()
        self.moves = 0

    def teardown(self):
        if hasattr(self, "store"):
            self.store.close()

    def move(self, job, act):
        after = allowed(self.state.get(job), act)
        assert after is not None, f"{act} from {self.state.get(job)} is not in the table"
        self.state[job] = after
        if after.is_final:
            self.current.pop(job, None)

    def holds_good(self, hold):
        return self.current.get(hold.job) == hold

    @rule(target=jobs)
    def create(self):
        job = new_job(self.store).id
        self.move(job, "create")
        return job

    @rule(target=holds, worker=st.sampled_from(["w1", "w2", "w3"]))
    def claim(self, worker):
        found = self.store.jobs.claim(worker, HOME)
        now = self.store.clock
        for job in [job for job in self.cancelling if self.state[job] is State.RUNNING and self.lease[job] < now]:
            if self.store.lookup.job(job).state is State.CANCELLED:
                self.move(job, "cancel")
        if found is None:
            waiting = [job for job, state in self.state.items() if state is State.QUEUED]
            dead = [job for job, state in self.state.items() if state is State.RUNNING and self.lease[job] < now]
            assert waiting + dead == []
            return found
        assert self.state[found.id] is State.QUEUED or self.lease[found.id] < now, "a living worker was robbed"
        self.move(found.id, "claim")
        before = self.current.get(found.id)
        assert before is None or found.attempt > before.attempt
        self.current[found.id] = found.hold
        self.lease[found.id] = now + LEASE_SECONDS
        return found.hold

    @rule(hold=holds)
    def beat(self, hold):
        if hold is None:
            return
        if self.holds_good(hold):
            assert self.store.jobs.beat(hold).cancel == (hold.job in self.cancelling)
            self.lease[hold.job] = self.store.clock + LEASE_SECONDS
        else:
            with pytest.raises(LostError):
                self.store.jobs.beat(hold, share=0.5)

    @rule(hold=consumes(holds), state=st.sampled_from([State.FINISHED, State.FAILED, State.CANCELLED]))
    def end(self, hold, state):
        if hold is None:
            return
        act = {State.FINISHED: "finish", State.FAILED: "fail", State.CANCELLED: "cancel"}[state]
        if self.holds_good(hold):
            self.store.jobs.end(hold, state)
            self.move(hold.job, act)
        else:
            with pytest.raises(LostError):
                self.store.jobs.end(hold, state)

    @rule(hold=consumes(holds), crashed=st.booleans())
    def release(self, hold, crashed):
        if hold is None:
            return
        if self.holds_good(hold):
            self.store.jobs.release(hold, crashed=crashed)
            self.move(hold.job, "cancel" if hold.job in self.cancelling else "release")
            self.current.pop(hold.job, None)
        else:
            with pytest.raises(LostError):
                self.store.jobs.release(hold, crashed=crashed)

    @rule(job=jobs)
    def cancel(self, job):
        if self.state[job].is_final:
            with pytest.raises(StateError):
                self.store.jobs.ask_cancel(job)
            return
        at_once = self.state[job] is State.QUEUED or self.lease[job] < self.store.clock
        self.store.jobs.ask_cancel(job)
        self.cancelling.add(job)
        if at_once:
            self.move(job, "cancel")

    @rule(job=jobs)
    def stop_training(self, job):
        if self.state[job] is State.RUNNING:
            assert self.store.jobs.ask_stop(job).stop_asked
        else:
            with pytest.raises(StateError):
                self.store.jobs.ask_stop(job)

    @rule(hold=holds)
    def publish(self, hold):
        if hold is None:
            return
        if self.holds_good(hold):
            assert self.store.jobs.may_publish(hold) == (hold.job not in self.cancelling)
            self.lease[hold.job] = self.store.clock + LEASE_SECONDS
        else:
            with pytest.raises(LostError):
                self.store.jobs.may_publish(hold)

    @rule(seconds=st.sampled_from([1.0, 29.0, 31.0]))
    def pass_time(self, seconds):
        self.store.clock += seconds

    @invariant()
    def the_store_says_what_the_machine_says(self):
        for record in self.store.lookup.jobs() if hasattr(self, "store") else ():
            assert record.state is self.state[record.id]
            if record.state.is_final:
                assert self.final.setdefault(record.id, record) == record, "a final state changed"


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@pytest.mark.nightly
def test_ten_thousand_moves():
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(Life, settings=settings(max_examples=250, stateful_step_count=60, deadline=None))


def test_final_states_have_no_way_out_and_every_state_can_end():
    assert not [arrow for arrow in TRANSITIONS if arrow.before is not None and arrow.before.is_final]
    assert {arrow.after for arrow in TRANSITIONS} == set(State)
    assert all(str(state) in states_reference() for state in State)


def test_a_job_lives_in_both_databases(store):
    first, second = new_job(store), new_job(store)
    taken = store.jobs.claim("w", HOME)
    assert (taken.id, taken.attempt, taken.state) == (first.id, 1, State.RUNNING)
    assert store.jobs.claim("w", "another home") is None
    assert store.jobs.claim("w2", HOME).id == second.id
    assert store.jobs.claim("w3", HOME) is None
    store.jobs.release(taken.hold, crashed=True, wait_seconds=60)
    assert store.jobs.claim("w3", HOME) is None
    store.jobs.ask_cancel(second.id)
    assert store.jobs.flags(store.lookup.job(second.id).hold).cancel
    assert store.jobs.end(store.lookup.job(second.id).hold, State.CANCELLED).state is State.CANCELLED
    assert store.lookup.job(first.id).crashes == 1
    assert [job.id for job in store.lookup.jobs([State.CANCELLED])] == [second.id]


def test_created_with_a_worker_nobody_else_gets_it(store):
    job = new_job(store, worker="mine")
    assert job.state is State.RUNNING
    assert store.jobs.claim("other", HOME) is None
    store.jobs.beat(job.hold, share=0.5)
    assert store.lookup.job("calm-otter").share == 0.5
