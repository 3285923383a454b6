"""Runs a node of the Python library kademlia on a free port of 127.0.0.1, and says where and under which id."""
import asyncio
import logging
import sys

try:
    from kademlia.network import Server
except ImportError as problem:
    print("missing:", problem, flush=True)
    sys.exit(1)


async def main():
    node = Server()
    await node.listen(0, interface="127.0.0.1")
    address, port = node.transport.get_extra_info("sockname")
    print(f"listening udp {address}:{port} id {node.node.id.hex()}", flush=True)
    await asyncio.Event().wait()


# What it warns of, such as datagrams that it does not understand, is not to cost it time.
logging.disable(logging.CRITICAL)
asyncio.run(main())
