"""`parley up` on free ports and a data folder of its own."""
import os
import signal
import subprocess
import time
import urllib.request

from processes import SERVICES, child_pids, clean_environment, cpu_seconds, end, free_ports, memory, service_of

START_LIMIT = 60  # seconds until all services are ready


def port_setting(service):
    """The setting for the port of a service: `CONVERSATION_PORT` for `conversation-svc`."""
    return service.removesuffix("-svc").upper() + "_PORT"


class Stack:
    """The services of one `parley up`, which write their output to `log_path`. `settings` are environment variables."""

    def __init__(self, binaries, data, log_path, folder=None, **settings):
        self.binaries, self.data, self.log_path, self.folder = os.path.abspath(binaries), str(data), str(log_path), folder
        self.ports = dict(zip(SERVICES, free_ports(len(SERVICES))))
        self.port = self.ports["gateway"]
        self.url = f"http://127.0.0.1:{self.port}"
        ports = {port_setting(service): str(port) for service, port in self.ports.items()}
        self.environment = clean_environment(DATA_DIR=self.data, **ports, **settings)
        self.process = None

    def executable(self, name):
        return os.path.join(self.binaries, name)

    def launch(self):
        """Starts `parley up` and returns before the services are ready."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([self.executable("parley"), "up"], env=self.environment, cwd=self.folder,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start(self):
        """Starts `parley up` and waits until the services are ready. Returns the seconds this took."""
        began = time.monotonic()
        self.launch()
        while not self.is_ready():
            if not self.is_running or time.monotonic() - began > START_LIMIT:
                self.stop()
                raise AssertionError(f"parley up did not become ready:\n{self.log_tail()}")
            time.sleep(0.005)
        return time.monotonic() - began

    def is_ready(self):
        """Whether the gateway is ready, which it is when the other services are."""
        try:
            with urllib.request.urlopen(self.url + "/readyz", timeout=5) as response:
                return response.status == 200
        except OSError:
            return False

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def log_tail(self):
        """The end of what `parley up` has written."""
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, errors="replace") as file:
            return file.read()[-4000:]

    def command(self, *arguments, limit=120):
        """Runs `parley` with these arguments on the same data and returns its output."""
        return subprocess.run([self.executable("parley"), *arguments], env=self.environment, cwd=self.folder, check=True,
                              capture_output=True, text=True, timeout=limit).stdout.strip()

    def service_pids(self):
        """The process id of each service that runs."""
        pids = {service_of(pid): pid for pid in child_pids(self.process.pid)}
        return {service: pid for service, pid in pids.items() if service}

    def signal(self, service, number):
        """Sends a signal to a service and returns its process id."""
        pid = self.service_pids()[service]
        os.kill(pid, number)
        return pid

    def memory(self, service):
        """The proportional set size of a service in MB."""
        return memory(self.service_pids()[service])

    def total_memory(self):
        """The proportional set size of all processes, the supervisor included, in MB."""
        return sum(map(memory, [self.process.pid, *self.service_pids().values()]))

    def cpu_seconds(self, service):
        """Processor time that a service has used since its start."""
        return cpu_seconds(self.service_pids()[service])

    def terminate(self):
        """Asks `parley up` to stop, which drains its services first."""
        if self.is_running:
            self.process.send_signal(signal.SIGTERM)

    def stop(self):
        """Stops `parley up` and returns its exit code."""
        self.terminate()
        return end(self.process)
