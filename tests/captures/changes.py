# SPDX-License-Identifier: Apache-2.0
"""What captures and networks change of what a capture shows: packets left out, doubled, out of order, without link
addresses, with a coarser clock, or one that is set meanwhile."""
import collections
import struct

NANOSECONDS = 0xA1B23C4D
MIRRORED_NS = 10_000    # a mirror port shows a packet again this much later
DISORDER_NS = 200_000   # two processors write packets that are no further apart in any order

Packet = collections.namedtuple("Packet", "frame time length data")  # frame: of the original; negative: its double


def packets_of(path):
    content = path.read_bytes()
    magic, _, _, _, _, _, link = struct.unpack_from("<IHHiIII", content)
    unit = 1 if magic == NANOSECONDS else 1000
    at, packets = 24, []
    while at < len(content):
        seconds, fraction, captured, length = struct.unpack_from("<IIII", content, at)
        packets.append(Packet(len(packets) + 1, seconds * 10**9 + fraction * unit, length, content[at + 16:at + 16 + captured]))
        at += 16 + captured
    return link, packets


def write(path, link, packets):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", NANOSECONDS, 2, 4, 0, 0, 1 << 18, link))
        for p in packets:
            file.write(struct.pack("<IIII", p.time // 10**9, p.time % 10**9, len(p.data), p.length) + p.data)


def lost(share):
    return lambda packets, dice: [p for p in packets if dice.random() >= share]


def doubled(packets, _):
    doubles = [p._replace(frame=-p.frame, time=p.time + MIRRORED_NS) for p in packets]
    return sorted(packets + doubles, key=lambda p: p.time)


def disordered(packets, dice):
    packets, times = list(packets), [p.time for p in packets]
    for i in range(len(packets) - 1):
        if times[i + 1] - times[i] < DISORDER_NS and dice.random() < 0.1:
            packets[i], packets[i + 1] = packets[i + 1], packets[i]
    return [p._replace(time=time) for p, time in zip(packets, times)]


def nameless(packets, _):
    return [p._replace(data=bytes(12) + p.data[12:]) for p in packets]


def coarse(packets, _):
    return [p._replace(time=p.time // 1000 * 1000) for p in packets]


def clock_set(seconds):
    """The capturing host's clock, at any packet but the first."""
    def change(packets, dice):
        at = dice.randrange(1, len(packets))
        return packets[:at] + [p._replace(time=p.time + seconds * 10**9) for p in packets[at:]]
    return change


CHANGES = {"1 % lost": lost(0.01), "10 % lost": lost(0.1), "doubled": doubled, "disordered": disordered,
           "nameless": nameless, "coarse": coarse, "set forward": clock_set(7), "set back": clock_set(-7)}
BY_CHANCE = {"1 % lost", "10 % lost", "disordered", "set forward", "set back"}
