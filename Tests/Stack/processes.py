"""Ports and processes: what every test that starts executables needs."""
import os
import re
import socket
import subprocess

SERVICES = ["gateway", "conversation-svc", "inference-svc", "media-svc", "transcription-svc"]
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def free_ports(count):
    """Ports of 127.0.0.1 that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def clean_environment(**settings):
    """An environment with these settings and nothing of the caller's but its search paths."""
    return dict(PATH=os.environ["PATH"], LD_LIBRARY_PATH=os.environ.get("LD_LIBRARY_PATH", ""), **settings)


def service_of(pid):
    """The service that a process runs, as `gateway` or as `parley serve gateway`; `None` for other processes."""
    try:
        with open(f"/proc/{pid}/cmdline") as file:
            program, *arguments = file.read().split("\0")
    except (OSError, ValueError):
        return None
    name = os.path.basename(program)
    if name == "parley" and arguments[:1] == ["serve"] and len(arguments) > 1:
        name = arguments[1]
    return next((service for service in SERVICES if name in (service, service.removesuffix("-svc"))), None)


def child_pids(pid):
    """The processes that a process has started."""
    children = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                children += map(int, file.read().split())
    except OSError:
        pass  # the process has ended
    return children


def descendant_pids(pid):
    """The processes that a process and its children have started."""
    return [one for child in child_pids(pid) for one in (child, *descendant_pids(child))]


def cpu_seconds(pid):
    """Processor time that a process has used."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def memory(pid):
    """The proportional set size (PSS) of a process in MB."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M)[1]) / 1024


def end(process, limit=120):
    """Waits until a process of ours has ended, and kills it if it does not."""
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
