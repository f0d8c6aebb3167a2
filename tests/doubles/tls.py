"""
Redis servers with TLS and test certificates. Each can be paused with SIGSTOP.

Debian's `redis-server` supports TLS itself. Valkey's package does not, so a relay terminates TLS.
"""

import os
import shutil
import sys
from pathlib import Path

import redis
import trustme

from dev.stack.programs import Program, Server
from dev.stack.servers import Valkey

HOST = "localhost"
"""The certificate's only name. It is not valid for an address."""


class Certificates:
    """A test authority and a certificate for `HOST`, as files."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        signed = authority.issue_cert(HOST)
        self.ca_file = str(folder / "ca.pem")
        self.certificate, self.key = str(folder / "certificate.pem"), str(folder / "key.pem")
        authority.cert_pem.write_to_path(self.ca_file)
        signed.cert_chain_pems[0].write_to_path(self.certificate)
        signed.private_key_pem.write_to_path(self.key)


class TlsServer(Server):
    """A Redis server with TLS."""

    def __init__(self, certificates: Certificates) -> None:
        super().__init__(port=None)
        self.certificates = certificates

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a client."""
        where = {"REDIS_HOST": HOST, "REDIS_PORT": str(self.port)}
        return {**where, "REDIS_TLS": "true", "REDIS_CA_FILE": self.certificates.ca_file}

    def client(self) -> redis.Redis:
        """Return a redis-py client without short time-outs."""
        ca_file = self.certificates.ca_file
        return redis.Redis(HOST, self.port, ssl=True, ssl_ca_certs=ca_file, protocol=2)

    def _answers(self) -> bool:
        try:
            return bool(self.client().ping())
        except redis.RedisError:
            return False


class DebianRedis(TlsServer):
    """Debian's Redis, which is built with TLS."""

    name = "redis-server"

    def _launched(self, scratch: Path) -> Program:
        options = {
            "--port": "0",
            "--tls-port": str(self.port),
            "--tls-cert-file": self.certificates.certificate,
            "--tls-key-file": self.certificates.key,
            "--tls-ca-cert-file": self.certificates.ca_file,
            "--tls-auth-clients": "no",
            "--bind": "127.0.0.1",
            "--dir": str(scratch),
            "--save": "",
        }
        words = [word for option in options.items() for word in option]
        program = shutil.which("redis-server") or "/usr/bin/redis-server"
        return Program(self.name, [program, *words], os.environ, cwd=scratch)


class RelayedValkey(TlsServer):
    """Valkey behind a relay that terminates TLS."""

    name = "The TLS relay"

    def __init__(self, certificates: Certificates) -> None:
        super().__init__(certificates)
        self._valkey = Valkey()

    def stop(self) -> None:
        """Stop both processes."""
        super().stop()
        self._valkey.stop()

    def _launched(self, scratch: Path) -> Program:
        self._valkey.start()
        relay = str(Path(__file__).with_name("tls_relay.py"))
        files = [self.certificates.certificate, self.certificates.key]
        words = [sys.executable, relay, str(self.port), str(self._valkey.port), *files]
        return Program(self.name, words, os.environ, cwd=scratch)
