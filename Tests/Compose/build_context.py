"""Reads the Dockerfile, .dockerignore and the package manifest: which paths reach the build stage of the image."""
import json
import os
import re
import subprocess
from fnmatch import fnmatchcase

DEFAULT_FOLDERS = {"test": "Tests", "plugin": "Plugins"}


def manifest_paths(root):
    """Every path that Package.swift names: the folders of targets, their excluded paths, their resources and sources."""
    text = subprocess.run(["swift", "package", "--package-path", root, "dump-package"], check=True, capture_output=True, text=True).stdout
    manifest = json.loads(text)
    paths = [dependency["fileSystem"][0]["path"] for dependency in manifest["dependencies"] if "fileSystem" in dependency]
    for target in manifest["targets"]:
        if target["type"] == "binary" and not target.get("path"):
            continue
        folder = target.get("path") or f"{DEFAULT_FOLDERS.get(target['type'], 'Sources')}/{target['name']}"
        inside = [*target.get("exclude", []), *(target.get("sources") or []), *(r["path"] for r in target.get("resources", []))]
        paths += [folder, *(os.path.join(folder, path) for path in inside)]
    return sorted({os.path.relpath(os.path.join(root, path), root) for path in paths})


def ignore_rules(text):
    """The patterns of a .dockerignore, in order, each with whether it excludes."""
    lines = [line.strip() for line in text.splitlines()]
    return [(line.lstrip("!").strip("/"), not line.startswith("!")) for line in lines if line and not line.startswith("#")]


def is_ignored(path, rules):
    """Whether a .dockerignore keeps a path out of the build context. The last matching pattern counts."""
    parents = ["/".join(path.split("/")[:count]) for count in range(1, path.count("/") + 2)]
    ignored = False
    for pattern, excludes in rules:
        if any(matches(parent, pattern) for parent in parents):
            ignored = excludes
    return ignored


def matches(path, pattern):
    return matches_parts(path.split("/"), pattern.split("/"))


def matches_parts(parts, patterns):
    if not patterns:
        return not parts
    if patterns[0] == "**":
        return any(matches_parts(parts[count:], patterns[1:]) for count in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], patterns[0]) and matches_parts(parts[1:], patterns[1:])


def instructions(dockerfile):
    """The instructions of a Dockerfile as (name, rest), with continued lines joined and comments left out."""
    lines = [line for line in dockerfile.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    return [tuple(line.strip().split(None, 1)) for line in joined.splitlines() if len(line.split()) > 1]


def copied_sources(dockerfile):
    """What the first stage copies from the build context to the same place below its working folder, up to the last `swift build`."""
    sources, found = [], []
    for name, rest in instructions(dockerfile)[1:]:
        if name == "FROM" and found:
            break
        if name == "FROM":
            sources = []
        if name in ("COPY", "ADD"):
            words = [word for word in rest.split() if not word.startswith("--")]
            if "--from=" in rest:
                continue
            *from_context, target = words
            for source in from_context:
                if is_same_place(source, target):
                    sources.append(os.path.normpath(source))
        if name == "RUN" and "swift build" in rest:
            found = list(sources)
    return found


def is_same_place(source, target):
    """Whether `COPY source target` keeps the source's path: `Tests Tests`, `. .`, `Package.swift ./`."""
    source, is_folder = os.path.normpath(source), target.endswith("/")
    target = os.path.normpath(target)
    return source == target or (is_folder and "/" not in source and target == ".")


def is_copied(path, sources):
    """Whether a path, or a folder above it, is copied."""
    return any(source == "." or fnmatchcase(path, source) or path.startswith(source + "/") for source in sources)
