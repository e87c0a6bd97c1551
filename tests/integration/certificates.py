"""Certificates of a test's own, made with openssl."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest


class Authority:
    """Signs certificates; they lie in `folder`. certificate: its own, in PEM form."""

    def __init__(self, folder: Path, name: str) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("openssl is not there")
        self._folder, self._name = folder, name
        self._make(name, "-addext", "keyUsage=critical,keyCertSign")

    @property
    def certificate(self) -> str:
        return self._file(self._name, "pem").read_text()

    def issue(self, name: str) -> Path:
        """A file of a certificate for 127.0.0.1 and its key."""
        signed = ("-CA", str(self._file(self._name, "pem")), "-CAkey", str(self._file(self._name, "key")))
        self._make(name, *signed, "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE")
        whole = self._file(name, "whole")
        whole.write_bytes(self._file(name, "pem").read_bytes() + self._file(name, "key").read_bytes())
        return whole

    def server(self, *, asks: bool = False) -> ssl.SSLContext:
        """Of a listener with a certificate of this authority; asks: takes clients with one alone."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.issue("server"))
        if asks:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=self.certificate)
        return context

    def _file(self, name: str, kind: str) -> Path:
        return self._folder / f"{name}.{kind}"

    def _make(self, name: str, *words: str) -> None:
        key, made = self._file(name, "key"), self._file(name, "pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(made), *words],
            check=True, capture_output=True,
        )  # fmt: skip
