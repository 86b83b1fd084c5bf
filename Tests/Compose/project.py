"""One compose project with its own name, port, image and volumes, which is removed at the end."""
import json
import os
import secrets
import socket
import subprocess
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
# What the docker client needs, and the build arguments of compose.yaml. No other variable reaches the services.
INHERITED = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "BUILDX_BUILDER",
             "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SWIFT_IMAGE", "RUNTIME_IMAGE", "BUILD_NETWORK")

PROVIDER_KEY = "EXTRA_PROVIDER_KEY"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def provider_files(folder):
    """Writes a providers file with a provider that needs a key, and the file with the key. Returns their settings."""
    os.chmod(folder, 0o755)
    providers, keys = os.path.join(folder, "providers.json"), os.path.join(folder, "providers.env")
    with open(providers, "w") as file:
        json.dump({"providers": [{"name": "extra", "base_url": "http://127.0.0.1:9/v1", "models": ["none"], "api_key_env": PROVIDER_KEY}]}, file)
    with open(keys, "w") as file:
        file.write(f"{PROVIDER_KEY}={secrets.token_hex(16)}\n")
    os.chmod(providers, 0o644)
    return {"PROVIDERS_FILE": providers, "PROVIDERS_ENV": keys}


class Project:
    """`folder` is for the files that are mounted into containers."""

    def __init__(self, folder, image=None):
        self.name = f"parley-test-{os.getpid()}"
        self.is_own_image = image is None
        self.image = image or f"{self.name}:latest"
        self.port = free_port()
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self.environment = dict(
            inherited, PARLEY_IMAGE=self.image, PUBLISH=f"127.0.0.1:{self.port}", BUS_TOKEN=secrets.token_hex(32),
            JWT_SECRET_KEY=secrets.token_hex(32), DEFAULT_MODEL="demo/demo", RATE_LIMIT_PER_MINUTE="0", RATE_LIMIT_PER_HOUR="0",
            MAX_CONCURRENT_RUNS="0", **provider_files(folder))

    def docker(self, *arguments, limit=60):
        """Runs docker and returns its output; raises with its error output when it fails."""
        result = subprocess.run(["docker", *arguments], env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=limit)
        if result.returncode != 0:
            raise RuntimeError(f"docker {' '.join(arguments)} failed:\n{result.stdout[-2000:]}{result.stderr[-4000:]}")
        return result.stdout

    def compose(self, *arguments, limit=60):
        return self.docker("compose", "--project-name", self.name, "--env-file", os.devnull, *arguments, limit=limit)

    def build(self, limit):
        self.compose("build", limit=limit)

    def up(self, **scale):
        """Starts all services, with the given numbers of replicas, and waits until they are healthy. Returns the seconds this took."""
        start = time.monotonic()
        self.compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", "120",
                     *[f"--scale={service}={count}" for service, count in scale.items()], limit=180)
        return time.monotonic() - start

    def containers(self, service):
        return self.compose("ps", "--quiet", service).split()

    def services_with(self, variable):
        """The services whose containers have an environment variable."""
        return {service for service in self.compose("config", "--services").split() for container in self.containers(service)
                if any(entry.startswith(variable + "=") for entry in self.inspect(container, ".Config.Env"))}

    def wait_until_healthy(self, container, limit=60):
        end = time.monotonic() + limit
        while (state := self.health(container)) != "healthy":
            if time.monotonic() > end:
                raise RuntimeError(f"{container[:12]} is {state} after {limit} s")
            time.sleep(0.2)

    def health(self, container):
        return self.inspect(container, ".State.Health.Status")

    def inspect(self, container, field):
        return json.loads(self.docker("inspect", "--format", "{{json " + field + "}}", container))

    def token(self, user):
        return self.compose("exec", "--no-TTY", "gateway", "parley", "token", "--user", user).strip()

    def content_size(self):
        """The size of the image in MB."""
        return int(self.docker("image", "inspect", "--format", "{{.Size}}", self.image)) / 1e6

    def logs(self, lines):
        return self.compose("logs", "--no-color", f"--tail={lines}")

    def down(self):
        """Removes containers, networks and volumes of this project, and the image if this project built it."""
        for container in self.compose("ps", "--all", "--quiet", "--status", "paused").split():
            self.docker("unpause", container)
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5", limit=120)
        if self.is_own_image and self.docker("images", "--quiet", self.image):
            self.docker("image", "rm", self.image)
