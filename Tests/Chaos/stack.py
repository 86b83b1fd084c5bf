"""parley up on a folder of its own, with real processes that can be killed one by one."""
import asyncio
import os
import re
import signal
import socket

SERVICES = ["gateway", "conversation-svc", "inference-svc", "media-svc", "transcription-svc"]
PORTS = ["GATEWAY_PORT", "CONVERSATION_PORT", "INFERENCE_PORT", "MEDIA_PORT", "TRANSCRIPTION_PORT"]


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for s in held:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


class Stack:
    def __init__(self, binaries, data, provider_port, **settings):
        ports = free_ports(5)
        self.port = ports[0]
        self.ports = dict(zip(SERVICES, ports))
        self.binaries, self.data = binaries, data
        self.environment = dict(
            PATH=os.environ["PATH"], LD_LIBRARY_PATH=os.environ.get("LD_LIBRARY_PATH", ""), DATA_DIR=data,
            RATE_LIMIT_PER_MINUTE="0", RATE_LIMIT_PER_HOUR="0", OLLAMA_BASE_URL=f"http://127.0.0.1:{provider_port}",
            DEFAULT_MODEL="ollama/fake", LOG_LEVEL="warning", **dict(zip(PORTS, map(str, ports))), **settings)
        self.process = None

    async def start(self):
        self.log = open(os.path.join(self.data, "up.log"), "ab")
        self.process = await asyncio.create_subprocess_exec(
            os.path.join(self.binaries, "parley"), "up", env=self.environment, stdout=self.log, stderr=self.log)
        await self.until_ready()

    async def command(self, *arguments):
        """Runs parley with these arguments on the same data."""
        process = await asyncio.create_subprocess_exec(
            os.path.join(self.binaries, "parley"), *arguments, env=self.environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        output, _ = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 0, output.decode()

    def children(self):
        """Process ids by service."""
        found = {}
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            for pid in open(f"/proc/{self.process.pid}/task/{task}/children").read().split():
                try:
                    found[os.path.basename(os.readlink(f"/proc/{pid}/exe"))] = int(pid)
                except OSError:
                    continue
        return {name: pid for name, pid in found.items() if name in SERVICES}

    async def pid(self, service):
        """A service's process id, as soon as there is one."""
        while service not in self.children():
            await asyncio.sleep(0.005)
        return self.children()[service]

    def signal(self, service, number):
        pid = self.children()[service]
        os.kill(pid, number)
        return pid

    async def until_replaced(self, service, pid):
        while self.children().get(service, pid) == pid:
            await asyncio.sleep(0.005)

    async def until_ready(self, service="gateway"):
        """Waits until a service says that it is; the gateway is when the others are."""
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.ports[service])
                writer.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                answer = await reader.read()
                writer.close()
                if answer.startswith(b"HTTP/1.1 200") and len(self.children()) == 5:
                    return
            except OSError:
                pass
            if self.process.returncode is not None:
                raise SystemExit(f"parley up ended with {self.process.returncode}: see {self.data}/up.log")
            await asyncio.sleep(0.01)

    def memory(self, service):
        """PSS of a service in MB."""
        text = open(f"/proc/{self.children()[service]}/smaps_rollup").read()
        return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) / 1024

    def seconds(self, service):
        """Processor time that a service has used since it started."""
        fields = open(f"/proc/{self.children()[service]}/stat").read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def stop(self):
        """Ends the supervisor, which drains its services; answers its exit code."""
        if self.process and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(self.process.wait(), 40)
        self.log.close()
        return self.process.returncode
