"""Reads compose.yaml with PyYAML or, without it, with `docker compose config`."""
import json
import os
import re
import shutil
import subprocess
import unittest

PLACEHOLDER = re.compile(r"\$\{(\w+)")


def load(path):
    """The services, networks and volumes of a compose file. Variables stay unresolved where PyYAML reads it."""
    try:
        import yaml
    except ImportError:
        return load_with_docker(path)
    with open(path) as file:
        text = file.read()
    check_keys(yaml.compose(text))
    return yaml.safe_load(text)


def check_keys(node):
    """Fails for duplicate keys, which docker compose rejects and PyYAML accepts."""
    if isinstance(node.value, str):
        return
    for entry in node.value:
        for child in entry if isinstance(entry, tuple) else (entry,):
            check_keys(child)
    keys = [entry[0].value for entry in node.value if isinstance(entry, tuple)]
    assert len(keys) == len(set(keys)), f"duplicate keys in line {node.start_mark.line + 1}: {keys}"


def load_with_docker(path):
    command = ["docker", "compose", "--file", path, "config", "--format", "json", "--no-interpolate"]
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode != 0:
        raise unittest.SkipTest("needs PyYAML or docker compose")
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def variables(value):
    """The names of the variables that a value refers to."""
    return set(PLACEHOLDER.findall(value)) if isinstance(value, str) else set()


def settings_read_by(command, folder):
    """The settings that a service lists in its help, which is made from the table that it reads its settings with."""
    program = [os.path.join(folder, command[0]), *command[1:], "--help"]
    text = subprocess.run(program, check=True, capture_output=True, text=True, timeout=30).stdout
    return set(re.findall(r"^  ([A-Z][A-Z0-9_]+)\b", text, re.M))
