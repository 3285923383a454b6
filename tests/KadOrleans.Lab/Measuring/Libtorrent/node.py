"""Runs the DHT node of libtorrent on a free port of 127.0.0.1, says where, and has it ask the contacts that are named: IP:PORT each."""
import sys
import time

try:
    import libtorrent
except ImportError as problem:
    print("missing:", problem, flush=True)
    sys.exit(1)

session = libtorrent.session({
    "listen_interfaces": "127.0.0.1:0",
    "dht_bootstrap_nodes": "",
    "alert_mask": 0,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    # As large as this project's: a burst is not to be lost.
    "recv_socket_buffer_size": 4 * 1024 * 1024,
    "send_socket_buffer_size": 4 * 1024 * 1024,
    # Limits by source and in all: far above what can be asked.
    "dht_block_ratelimit": 1_000_000,
    "dht_upload_rate_limit": 300_000_000,
    # Else contacts on the loopback are not taken.
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_ignore_dark_internet": False,
    "dht_prefer_verified_node_ids": False,
    "dht_enforce_node_id": False,
})
while not (session.is_dht_running() and session.listen_port()):
    time.sleep(0.05)

print(f"listening udp 127.0.0.1:{session.listen_port()}", flush=True)
for contact in sys.argv[1:]:
    address, port = contact.split(":")
    session.add_dht_node((address, int(port)))
    time.sleep(0.002)

while True:
    time.sleep(3600)
