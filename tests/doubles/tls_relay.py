"""Terminates TLS and forwards the data. Arguments: port, upstream port, certificate, key."""

import asyncio
import ssl
import sys


async def relay(port: int, upstream: int, certificate: str, key: str) -> None:
    """Serve until killed."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = await asyncio.open_connection("127.0.0.1", upstream)
        await asyncio.gather(_forward(reader, server[1]), _forward(server[0], writer))

    await (await asyncio.start_server(serve, "127.0.0.1", port, ssl=context)).serve_forever()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


if __name__ == "__main__":
    asyncio.run(relay(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
