#!/usr/bin/env python3
"""Holds fetch.py against the test vectors of docs/protocol.md. Usage: vectors.py PAGE"""

import json
import struct
import sys

import fetch


def content(length):
    return bytes((31 * i + i // 251) % 256 for i in range(length))


def check(condition, vector):
    if not condition:
        sys.exit(f"vectors.py: fetch.py does not agree with {json.dumps(vector)}")


def main():
    with open(sys.argv[1], encoding="utf-8") as page:
        vectors = json.loads(page.read().split("```json vectors\n")[1].split("\n```")[0])
    for vector in vectors["trees"]:
        check(fetch.tree_hash(content(vector["length"])).hex() == vector["file_id"], vector)
    for vector in vectors["hash_lists"]:
        data, size = content(vector["length"]), vector["chunk_size"]
        hashes = [fetch.tree_hash(data[at : at + size]) for at in range(0, len(data), size)]
        check(b"".join(hashes).hex() == vector["payload"], vector)
        check(fetch.root(hashes) == fetch.tree_hash(data), vector)
    for vector in vectors["peers"]:
        key = bytes.fromhex(vector["public_key"])
        check(fetch.peer_id_text(key) == vector["text"] and fetch.parse_peer_id(vector["text"]) == key, vector)
        check((fetch.SPKI + key).hex() == vector["spki"], vector)
    for vector in vectors["frames"]:
        header, payload = vector["header"].encode(), bytes.fromhex(vector["payload"])
        frame = struct.pack(">II", len(header), len(payload)) + header + payload
        check(frame.hex() == vector["frame"], vector)
    for vector in vectors["links"]:
        addresses = [fetch.parse_address(peer) for peer in vector["peers"]]
        link = (bytes.fromhex(vector["file_id"]), vector["name"], addresses, vector["trackers"])
        check(fetch.parse_link(vector["link"]) == link, vector)
    for vector in vectors["lists"]:
        data = vector["list"].encode()
        check(fetch.tree_hash(data).hex() == vector["folder_id"], vector)
        files, parts, _ = fetch.parse_list(data)
        for (part_id, of_it), part in zip(parts, vector["parts"], strict=True):
            places = [files.index(file) for file in of_it]
            size = sum(file[1] for file in of_it)
            check({"file_id": part_id.hex(), "size": size, "files": places} == part, vector)
    print("vectors.py: fetch.py agrees with all of them")


if __name__ == "__main__":
    main()
