#!/usr/bin/env python3
"""Checks Dockerfile, .dockerignore and compose.yaml against the package and its executables. Needs no container engine.

    BIN=.build/release Tests/Compose/test_files.py
"""
import os
import subprocess
import unittest

import build_context
import compose_file

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BIN = os.path.join(ROOT, os.environ.get("BIN", ".build/debug"))
SECRETS = ("_KEY", "_TOKEN", "_SECRET", "PASSWORD")


def read(name):
    with open(os.path.join(ROOT, name)) as file:
        return file.read()


class ImageTests(unittest.TestCase):
    def setUp(self):
        self.paths = build_context.manifest_paths(ROOT)
        self.dockerfile = read("Dockerfile")

    def test_every_path_of_the_manifest_is_copied_into_the_build_stage(self):
        sources = build_context.copied_sources(self.dockerfile)
        missing = [path for path in ["Package.swift", *self.paths] if not build_context.is_copied(path, sources)]
        self.assertEqual(missing, [], "Package.swift names paths that the Dockerfile does not copy before `swift build`")

    def test_no_path_of_the_manifest_is_ignored(self):
        rules = build_context.ignore_rules(read(".dockerignore"))
        ignored = [path for path in ["Package.swift", *self.paths] if build_context.is_ignored(path, rules)]
        self.assertEqual(ignored, [], ".dockerignore keeps paths out of the build context that Package.swift names")

    def test_every_path_of_the_manifest_is_in_a_clean_clone(self):
        listing = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True)
        if listing.returncode != 0:
            self.skipTest("needs a git repository")
        files = listing.stdout.split("\0")
        absent = [path for path in self.paths if not any(file == path or file.startswith(path + "/") for file in files)]
        self.assertEqual(absent, [], "Package.swift names paths without files in the repository")

    def test_build_context_holds_no_secrets_and_no_build_folder(self):
        rules = build_context.ignore_rules(read(".dockerignore"))
        included = [path for path in (".env", "providers.env", "data/jwt-secret", ".git/config", ".build/debug.yaml")
                    if not build_context.is_ignored(path, rules)]
        self.assertEqual(included, [])


class ComposeTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.compose = compose_file.load(os.path.join(ROOT, "compose.yaml"))
        cls.services = cls.compose["services"]

    def test_one_service_builds_the_image_that_all_use(self):
        builders = [name for name, service in self.services.items() if "build" in service]
        self.assertEqual(len(builders), 1, f"these services build: {builders}")
        self.assertEqual(len({service["image"] for service in self.services.values()}), 1)

    def test_every_command_is_in_the_image(self):
        dockerfile = read("Dockerfile")
        for name, service in self.services.items():
            with self.subTest(service=name):
                self.assertRegex(dockerfile, rf"(?m)\b{service['command'][0]}\b")

    def test_every_service_gets_exactly_the_settings_that_it_reads(self):
        for name, service in self.services.items():
            with self.subTest(service=name):
                known = compose_file.settings_read_by(service["command"], BIN)
                passed = set(service["environment"])
                # The port of another service counts only without its URL.
                needless = {setting for setting in known if setting.removesuffix("_PORT") + "_URL" in passed}
                self.assertEqual(sorted(known - passed - needless), [], f"compose.yaml does not pass these settings to {name}")
                self.assertEqual(sorted(passed - known), [], f"compose.yaml passes settings to {name} that it does not read")

    def test_every_setting_takes_the_variable_of_its_own_name(self):
        for name, service in self.services.items():
            for setting, value in service["environment"].items():
                with self.subTest(service=name, setting=setting):
                    self.assertLessEqual(compose_file.variables(value), {setting})

    def test_secrets_are_passed_by_environment_only(self):
        for name, service in self.services.items():
            rest = {key: value for key, value in service.items() if key != "environment"}
            secrets = [v for v in compose_file.variables(repr(rest)) if v.endswith(SECRETS)]
            self.assertEqual(secrets, [], f"{name} gets secrets in other ways than by environment variables")

    def test_only_inference_gets_the_keys_of_the_providers_file(self):
        with_file = [name for name, service in self.services.items() if "env_file" in service]
        self.assertEqual(with_file, ["inference"])
        self.assertEqual(self.services["inference"]["env_file"], [{"path": "${PROVIDERS_ENV:-providers.env}", "required": False}])
        self.assertIn("providers.env", read(".gitignore").split())

    def test_the_providers_file_is_mounted_where_inference_looks_for_it(self):
        inference = self.services["inference"]
        mounts = [volume for volume in inference["volumes"] if "PROVIDERS_FILE" in compose_file.variables(volume["source"])]
        self.assertEqual(len(mounts), 1)
        self.assertEqual(inference["environment"]["PROVIDERS_FILE"], "${PROVIDERS_FILE:+" + mounts[0]["target"] + "}")

    def test_every_service_checks_its_health_with_its_own_command(self):
        for name, service in self.services.items():
            with self.subTest(service=name):
                self.assertEqual(service["healthcheck"]["test"], ["CMD", *service["command"], "--health"])

    def test_only_the_port_of_the_gateway_is_published(self):
        self.assertEqual([name for name, service in self.services.items() if "ports" in service], ["gateway"])
        self.assertTrue(self.compose["networks"]["bus"]["internal"])


if __name__ == "__main__":
    unittest.main()
