"""A stack for asyncio code, which watches single services."""
import asyncio
import subprocess

from processes import SERVICES
from stack import Stack

INTERVAL = 0.005  # seconds between two looks at a process


class AsyncStack(Stack):
    async def start(self):
        """Starts `parley up` and waits until all services are ready."""
        self.launch()
        await self.until_ready()

    async def command(self, *arguments, limit=120):
        """Runs `parley` with these arguments on the same data; fails with its output."""
        process = await asyncio.create_subprocess_exec(
            self.executable("parley"), *arguments, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output, _ = await asyncio.wait_for(process.communicate(), limit)
        assert process.returncode == 0, output.decode()

    async def pid(self, service):
        """Waits until a service runs and returns its process id."""
        while service not in (pids := self.service_pids()):
            await asyncio.sleep(INTERVAL)
        return pids[service]

    async def until_replaced(self, service, pid):
        """Waits until another process runs a service."""
        while self.service_pids().get(service, pid) == pid:
            await asyncio.sleep(INTERVAL)

    async def until_ready(self, service="gateway"):
        """Waits until a service is ready and all services run."""
        while not (await self.is_service_ready(service) and len(self.service_pids()) == len(SERVICES)):
            if not self.is_running:
                raise SystemExit(f"parley up ended with {self.process.returncode}: see {self.log_path}")
            await asyncio.sleep(2 * INTERVAL)

    async def is_service_ready(self, service):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.ports[service])
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            response = await reader.read()
            writer.close()
            return response.startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    async def until_ended(self):
        """Waits until `parley up` has ended and returns its exit code."""
        while self.is_running:
            await asyncio.sleep(INTERVAL)
        return self.process.returncode

    async def stop(self):
        """Stops `parley up` and returns its exit code."""
        self.terminate()
        return await asyncio.wait_for(self.until_ended(), 40)
