#!/usr/bin/env python3
"""capture.py FILE: writes all that passes on the loopback interface to FILE, as pcap, until its standard input ends.

Prints "ready" once nothing is missed any more, and at the end "N packets". Needs root (CAP_NET_RAW); if it may not
listen, or the kernel had to drop a packet, it says so and its status is 1. Standard library only.
"""
import select
import socket
import struct
import sys
import time

ALL = 3  # ETH_P_ALL
OUTGOING = 4  # loopback shows each packet twice: as it leaves and as it comes
RECEIVE_BUFFER = 33  # SO_RCVBUFFORCE
SOL_PACKET, STATISTICS = 263, 6
RAW_IP = 101  # LINKTYPE_RAW

with open(sys.argv[1], "wb") as file:
    try:
        packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        packets.setsockopt(socket.SOL_SOCKET, RECEIVE_BUFFER, 128 << 20)
        packets.bind(("lo", ALL))
    except PermissionError as error:
        sys.exit(f"capture.py may not listen on lo: {error}. Run it as root.")
    packets.setblocking(False)
    file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, RAW_IP))
    print("ready", flush=True)
    count, ending = 0, False
    while True:
        readable, _, _ = select.select([packets] if ending else [packets, sys.stdin], [], [], 0 if ending else None)
        if packets in readable:
            data, about = packets.recvfrom(1 << 18)
            if about[2] != OUTGOING:
                now = time.time()
                file.write(struct.pack("<IIII", int(now), int(now % 1 * 1e6), len(data), len(data)) + data)
                count += 1
        elif ending:
            break
        ending = ending or sys.stdin in readable
    _, dropped = struct.unpack("<II", packets.getsockopt(SOL_PACKET, STATISTICS, 8))
if dropped:
    sys.exit(f"capture.py: the kernel dropped {dropped} packets")
print(count, "packets")
