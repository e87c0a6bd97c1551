"""The peer of the intake figures: python-hl7's own MLLP server, which only commits each raw message, then acknowledges.

`python -m tests.benchmarks.peer DATABASE_URL` prints its port; SIGTERM ends it. It gets an asynchronous connection pool
(16 connections), so that its commits overlap as far as its design allows.
"""

from __future__ import annotations

import asyncio
import sys

import hl7.mllp
import psycopg_pool


async def main(url: str) -> None:
    pool = psycopg_pool.AsyncConnectionPool(url, min_size=16, max_size=16, open=False)
    await pool.open(wait=True)
    async with pool.connection() as connection:
        await connection.execute("CREATE TABLE peer (id bigint GENERATED ALWAYS AS IDENTITY, raw text NOT NULL)")

    async def serve(reader: hl7.mllp.HL7StreamReader, writer: hl7.mllp.HL7StreamWriter) -> None:
        while not writer.is_closing():
            try:
                message = await reader.readmessage()
            except asyncio.IncompleteReadError:
                writer.close()
                return
            async with pool.connection() as connection:
                await connection.execute("INSERT INTO peer (raw) VALUES (%s)", (str(message),))
            writer.writemessage(message.create_ack())
            await writer.drain()

    server = await hl7.mllp.start_hl7_server(serve, "127.0.0.1", 0, encoding="utf-8", limit=2**24)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
