#!/usr/bin/env python3
"""ask.py NAME: the SRV records of NAME at the test resolver, one a line: priority weight port target. Standard library only."""
import socket
import struct
import sys

question = b"".join(bytes([len(label)]) + label.encode() for label in sys.argv[1].split(".")) + b"\0"
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.settimeout(5)
asking.sendto(struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + question + struct.pack("!2H", 33, 1), ("127.0.0.53", 15353))
answer = asking.recv(4096)


def name_at(place):
    """A domain name with its compression pointers, and the place behind it."""
    labels, behind = [], None
    while length := answer[place]:
        if length >= 192:
            behind = behind or place + 2
            place = struct.unpack_from("!H", answer, place)[0] & 0x3FFF
        else:
            labels.append(answer[place + 1:place + 1 + length].decode())
            place += 1 + length
    return ".".join(labels) or ".", behind or place + 1


count = struct.unpack_from("!H", answer, 6)[0]
place = 12 + len(question) + 4
for _ in range(count):
    _, place = name_at(place)
    kind, _, _, length = struct.unpack_from("!HHIH", answer, place)
    place += 10
    if kind == 33:
        print(*struct.unpack_from("!3H", answer, place), name_at(place + 6)[0])
    place += length
if not count:
    print("no record, code", answer[3] & 15)
