#!/usr/bin/env python3
"""Builds the image, starts compose.yaml on a real engine, and makes replicas of inference fail under load.

    Tests/Compose/replicas.py [--image NAME] [--workers N] [--seconds N]

Only calls that were in flight when a replica failed may fail. Every call that starts later must succeed, 99 of 100 within 3 seconds.
"""
import argparse
import signal
import sys
import tempfile
import time

from load import Load, percentile
from project import PROVIDER_KEY, Project

REPLICAS = 3
BUILD_LIMIT = 1800  # seconds
SLOWEST = 3.0  # seconds, the 99th percentile of calls after a fault
IN_FLIGHT_LIMIT = 15.0  # seconds until a call that a dead replica was answering has ended


def kill(project, container):
    project.docker("kill", container)


def start(project, container):
    project.docker("start", container)


def pause(project, container):
    project.docker("pause", container)


def unpause(project, container):
    project.docker("unpause", container)


def disconnect(project, container):
    project.docker("network", "disconnect", f"{project.name}_bus", container)


def connect(project, container):
    project.docker("network", "connect", "--alias", "inference", f"{project.name}_bus", container)


FAULTS = [("killed", kill, start), ("paused", pause, unpause), ("off the network", disconnect, connect)]


class Verdict:
    """The lines of the report, and what failed."""

    def __init__(self):
        self.failures = []

    @staticmethod
    def report(line):
        print(f"compose: {line}", flush=True)

    def check(self, condition, failure):
        if not condition:
            self.failures.append(failure)
            self.report(f"FAILED: {failure}")


def replica_fails(project, token, options, verdict, name, break_replica, heal_replica, number):
    """Breaks one of the replicas under load, judges the calls, and heals it."""
    container = project.containers("inference")[number]
    with Load(project.port, token, options.workers) as load:
        time.sleep(3)
        before = time.monotonic()
        break_replica(project, container)
        after = time.monotonic()
        time.sleep(options.seconds)
    try:
        judge(load.calls, name, before, after, verdict)
    finally:
        heal_replica(project, container)
    project.wait_until_healthy(container)
    with Load(project.port, token, options.workers) as load:
        time.sleep(3)
    failed = [call for call in load.calls if call.error]
    verdict.report(f"{name}, then healed: {len(failed)} of {len(load.calls)} calls failed")
    verdict.check(not failed, f"calls failed after the replica was healed: {errors(failed)}")


def judge(calls, name, before, after, verdict):
    earlier = [call for call in calls if call.ended < before]
    later = [call for call in calls if call.started > after]
    in_flight = [call for call in calls if call not in earlier and call not in later]
    lost = [call for call in in_flight if call.error]
    failed = [call for call in later if call.error]
    slow = percentile(later, 0.99)
    verdict.report(f"{name}: before {sum(bool(c.error) for c in earlier)} of {len(earlier)} calls failed; in flight {len(lost)} of "
                   f"{len(in_flight)}, the slowest {percentile(in_flight, 1):.1f} s; afterwards {len(failed)} of {len(later)}, "
                   f"p50 {percentile(later, 0.5):.2f} s, p99 {slow:.2f} s, max {percentile(later, 1):.2f} s")
    for what, some in (("in flight", lost), ("afterwards", failed)):
        for error in errors(some)[:5]:
            verdict.report(f"  {what}: {error}")
    verdict.check(not any(call.error for call in earlier), f"{name}: calls failed before the fault: {errors(earlier)}")
    verdict.check(len(lost) * 2 <= len(in_flight), f"{name}: more calls failed than one of {REPLICAS} replicas can have been answering")
    verdict.check(percentile(in_flight, 1) < IN_FLIGHT_LIMIT, f"{name}: calls in flight did not end in {IN_FLIGHT_LIMIT} s")
    verdict.check(not failed, f"{name}: {len(failed)} calls failed that started after the fault")
    verdict.check(slow < SLOWEST, f"{name}: p99 is {slow:.2f} s")


def errors(calls):
    """The different errors, the most frequent first."""
    texts = [call.error for call in calls if call.error]
    return [f"{texts.count(text)} × {text}" for text in sorted(set(texts), key=texts.count, reverse=True)]


def scale_down(project, token, options, verdict):
    """Stops all replicas but one, in good order: no call fails."""
    with Load(project.port, token, options.workers) as load:
        time.sleep(2)
        project.up(inference=1)
        time.sleep(3)
    failed = [call for call in load.calls if call.error]
    verdict.report(f"scaled down to one: {len(failed)} of {len(load.calls)} calls failed, p99 {percentile(load.calls, 0.99):.2f} s")
    verdict.check(not failed, f"calls failed while replicas were stopped: {errors(failed)}")


def check_secrets(project, verdict):
    """Each secret is only in the containers of the services that read it."""
    for variable, expected in (("BUS_TOKEN", {"gateway", "conversation", "inference", "media", "transcription"}),
                               ("JWT_SECRET_KEY", {"gateway"}), ("GEMINI_API_KEY", {"inference"}), (PROVIDER_KEY, {"inference"})):
        services = project.services_with(variable)
        verdict.check(services == expected, f"{variable} is passed to {sorted(services)}")


def run(project, options, verdict):
    if not options.image:
        start_of_build = time.monotonic()
        project.build(BUILD_LIMIT)
        verdict.report(f"built in {time.monotonic() - start_of_build:.0f} s")
    verdict.report(f"the image has {project.content_size():.0f} MB")
    verdict.report(f"up in {project.up():.1f} s, scaled to {REPLICAS} in {project.up(inference=REPLICAS):.1f} s")
    check_secrets(project, verdict)
    token = project.token("load")
    for number, (name, break_replica, heal_replica) in enumerate(FAULTS):
        if not options.faults or name in options.faults:
            replica_fails(project, token, options, verdict, name, break_replica, heal_replica, number)
    if not options.faults:
        scale_down(project, token, options, verdict)
    if verdict.failures:
        print(project.logs(40))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--image", help="an image that exists, instead of building one")
    parser.add_argument("--workers", type=int, default=24, help="calls in flight")
    parser.add_argument("--seconds", type=float, default=12, help="load after each fault")
    parser.add_argument("faults", nargs="*", help=", ".join(name for name, *_ in FAULTS))
    options = parser.parse_args()
    # Terminated or interrupted, it still removes what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    verdict, began = Verdict(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        project = Project(folder, options.image)
        try:
            run(project, options, verdict)
        finally:
            project.down()
    verdict.report(f"{'FAILED' if verdict.failures else 'passed'} in {time.monotonic() - began:.0f} s")
    return 1 if verdict.failures else 0


if __name__ == "__main__":
    sys.exit(main())
