#!/usr/bin/env python3
"""Downloads one file or folder from peers of Sprat, as docs/protocol.md describes them, and shares no code with Sprat.

Usage: fetch.py LINK [-o PATH] [--peer HOST:PORT] [--peer-id ID]

LINK is a `sprat:` link or a bare file ID. Needs Python 3.10 and GnuTLS 3.6.6 or later (libgnutls30), which speaks TLS
with raw public keys. Ends with 0 when the file is there, 1 when something went wrong, 2 when it was called wrongly, and
3 when nobody was found who has the file.
"""

import argparse
import base64
import ctypes
import hashlib
import http.client
import itertools
import json
import os
import re
import shutil
import socket
import struct
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

BLOCK = 16 * 1024
MAX_CHUNKS = 65_536
MAX_CHUNK_SIZE = 16 * 1024 * 1024
DEFAULT_CHUNK_SIZE = 256 * 1024
MAX_HEADER = 64 * 1024
MAX_LINK = 8 * 1024
MAX_HINTS = 16
CONNECT_SECONDS = 10
SILENT_SECONDS = 60
# Requests for chunks that wait for their answers at once.
WINDOW = 8


class Trouble(Exception):
    """Reason for which nothing came, in a sentence; `code` is the exit code."""

    def __init__(self, reason, code=1):
        super().__init__(reason)
        self.code = code


# File IDs and the hash tree.


def leaf(block):
    return hashlib.sha256(b"\0" + block).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root(hashes):
    """Root over subtrees of one height, of which only the last may be lower."""
    if not hashes:
        return hashlib.sha256().digest()
    while len(hashes) > 1:
        pairs = [node(*hashes[at : at + 2]) for at in range(0, len(hashes) - 1, 2)]
        # One that is left over goes up as it is.
        hashes = pairs + (hashes[-1:] if len(hashes) % 2 else [])
    return hashes[0]


def tree_hash(data):
    return root([leaf(data[at : at + BLOCK]) for at in range(0, len(data), BLOCK)])


def is_chunk_size(size):
    return is_number(size, MAX_CHUNK_SIZE) and size >= BLOCK and size & (size - 1) == 0


def chunk_size_for(length):
    size = DEFAULT_CHUNK_SIZE
    while size < MAX_CHUNK_SIZE and length > size * MAX_CHUNKS:
        size *= 2
    return size


# Texts of IDs, addresses and links.


def parse_file_id(text):
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise Trouble("that is no file ID: one has 64 letters and digits, 0-9 and a-f", 2)
    return bytes.fromhex(text)


def peer_id_text(key):
    return base64.b32encode(key).decode().rstrip("=").lower()


def parse_peer_id(text):
    if re.fullmatch("[a-z2-7]{52}", text):
        key = base64.b32decode(text.upper() + "====")
        if peer_id_text(key) == text:
            return key
    raise Trouble("that is no peer ID: one has 52 letters and digits, a-z and 2-7", 2)


def parse_address(text):
    host, _, port = text.rpartition(":")
    name = re.fullmatch(r"\[([0-9a-fA-F:.]+)\]|([0-9a-zA-Z.-]{1,253})", host)
    if not name or not re.fullmatch("[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise Trouble(f"{text!r} is no address of a peer: one looks like 192.168.1.20:4000", 2)
    return name[1] or name[2], int(port)


def parse_link(text):
    """File ID, name, peers and trackers of a link."""
    text = text.strip()
    if len(text.encode()) > MAX_LINK:
        raise Trouble(f"the link is longer than {MAX_LINK} bytes", 2)
    body = text[6:] if text[:6].lower() == "sprat:" else text
    file_id, _, query = body.partition("?")
    name, peers, trackers = None, [], []
    file_id = parse_file_id(file_id)
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        try:
            value = urllib.parse.unquote(value, errors="strict")
        except UnicodeDecodeError:
            raise Trouble(f"the link's {key!r} is damaged", 2) from None
        if key == "name":
            name = value
        elif key == "peer" and len(peers) < MAX_HINTS:
            peers.append(parse_address(value))
        elif key == "tracker" and len(trackers) < MAX_HINTS:
            if urllib.parse.urlsplit(value).scheme not in ("http", "https"):
                raise Trouble(f"{value!r} is no address of a tracker: one looks like http://tracker.example:5000", 2)
            trackers.append(value)
    return file_id, name, peers, trackers


# TLS 1.3 with raw public keys, by GnuTLS.

SPKI = bytes.fromhex("302a300506032b6570032100")
PKCS8 = bytes.fromhex("302e020100300506032b657004220420")
PRIORITY = (
    b"NORMAL:-VERS-ALL:+VERS-TLS1.3:-CTYPE-ALL:+CTYPE-RAWPK:-SIGN-ALL:+SIGN-EDDSA-ED25519"
    b":-CIPHER-ALL:+AES-128-GCM:+CHACHA20-POLY1305"
)
CLIENT, NO_SIGNAL, NO_TICKETS, ENABLE_RAWPK = 1 << 1, 1 << 6, 1 << 10, 1 << 18
CRD_CERTIFICATE, CTYPE_SERVER, CRT_RAWPK, DER, DIGITAL_SIGNATURE = 1, 1, 3, 0, 128
AGAIN, INTERRUPTED, SHUT_WRITING = -28, -52, 1
# The peer ended the connection: reading failed, writing failed, or the stream ended without close_notify.
ENDED = (-54, -53, -110)


class Datum(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_uint)]

    @classmethod
    def of(cls, data):
        datum = cls(None, len(data))
        # The bytes live as long as the datum.
        datum.kept = ctypes.create_string_buffer(data, len(data))
        datum.data = ctypes.addressof(datum.kept)
        return datum

    def bytes(self):
        return ctypes.string_at(self.data, self.size)


def load_gnutls():
    try:
        gnutls = ctypes.CDLL("libgnutls.so.30")
        gnutls.gnutls_certificate_set_rawpk_key_mem
    except (OSError, AttributeError):
        raise Trouble("GnuTLS 3.6.6 or later is needed: on Debian, apt install libgnutls30") from None
    for name in ("record_send", "record_recv"):
        call = getattr(gnutls, f"gnutls_{name}")
        call.restype, call.argtypes = ctypes.c_ssize_t, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    gnutls.gnutls_strerror.restype = ctypes.c_char_p
    gnutls.gnutls_alert_get_name.restype = ctypes.c_char_p
    gnutls.gnutls_certificate_get_peers.restype = ctypes.POINTER(Datum)
    return gnutls


class Tls:
    """Connection to one address whose peer has proven its key."""

    def __init__(self, gnutls, address, expected):
        self.gnutls = gnutls
        self.socket = socket.create_connection(address, timeout=CONNECT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.credentials, self.session = ctypes.c_void_p(), ctypes.c_void_p()
        self.set_patience(CONNECT_SECONDS)
        self.peer_id_of_mine = self.make_key()
        self.peer_id = self.handshake()
        if expected not in (None, self.peer_id):
            raise Trouble(f"another peer is there: {peer_id_text(self.peer_id)}")

    def set_patience(self, seconds):
        """Time after which a read or write that moves no byte fails."""
        self.socket.settimeout(None)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self.socket.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", seconds, 0))

    def call(self, name, *arguments):
        while True:
            code = getattr(self.gnutls, f"gnutls_{name}")(*arguments)
            if code >= 0:
                return code
            if code == AGAIN:
                raise Trouble("the peer fell silent")
            if code in ENDED:
                raise Trouble("the peer ended the connection")
            if code != INTERRUPTED:
                raise Trouble(f"TLS failed: {self.gnutls.gnutls_strerror(code).decode()}")

    def make_key(self):
        """Makes a new key, to be proven in the handshake. Returns the public half."""
        private = Datum.of(PKCS8 + os.urandom(32))
        key, public, spki = ctypes.c_void_p(), ctypes.c_void_p(), Datum()
        self.call("privkey_init", ctypes.byref(key))
        self.call("privkey_import_x509_raw", key, ctypes.byref(private), DER, None, 0)
        self.call("pubkey_init", ctypes.byref(public))
        self.call("pubkey_import_privkey", public, key, DIGITAL_SIGNATURE, 0)
        self.call("pubkey_export2", public, DER, ctypes.byref(spki))
        spki = Datum.of(spki.bytes())
        self.call("certificate_allocate_credentials", ctypes.byref(self.credentials))
        self.call(
            "certificate_set_rawpk_key_mem",
            *(self.credentials, ctypes.byref(spki), ctypes.byref(private), DER, None, DIGITAL_SIGNATURE, None, 0, 0),
        )
        return spki.bytes().removeprefix(SPKI)

    def handshake(self):
        """Returns the key that the other side proved to have."""
        self.call("init", ctypes.byref(self.session), CLIENT | NO_SIGNAL | NO_TICKETS | ENABLE_RAWPK)
        self.call("priority_set_direct", self.session, PRIORITY, None)
        self.call("credentials_set", self.session, CRD_CERTIFICATE, self.credentials)
        protocol = Datum.of(b"sprat/1")
        self.call("alpn_set_protocols", self.session, ctypes.byref(protocol), 1, 0)
        self.gnutls.gnutls_transport_set_int2(self.session, self.socket.fileno(), self.socket.fileno())
        self.call("handshake", self.session)
        count = ctypes.c_uint()
        keys = self.gnutls.gnutls_certificate_get_peers(self.session, ctypes.byref(count))
        is_raw = self.gnutls.gnutls_certificate_type_get2(self.session, CTYPE_SERVER) == CRT_RAWPK
        key = keys[0].bytes() if keys and is_raw and count.value == 1 else b""
        if len(key) != len(SPKI) + 32 or not key.startswith(SPKI):
            raise Trouble("the peer proved no Ed25519 key")
        return key[len(SPKI) :]

    def write(self, data):
        while data:
            data = data[self.call("record_send", self.session, data, len(data)) :]

    def read(self, length):
        data = bytearray()
        buffer = ctypes.create_string_buffer(BLOCK)
        while len(data) < length:
            read = self.call("record_recv", self.session, buffer, min(BLOCK, length - len(data)))
            if read == 0:
                raise Trouble("the peer ended the connection")
            data += buffer.raw[:read]
        return bytes(data)

    def close(self):
        self.gnutls.gnutls_bye(self.session, SHUT_WRITING)
        self.socket.close()


# Frames and messages.


def is_number(value, most):
    return type(value) is int and 0 <= value <= most


class Peer:
    """A connection after both sides said HELLO."""

    def __init__(self, gnutls, address, expected):
        self.tls = Tls(gnutls, address, expected)
        own = peer_id_text(self.tls.peer_id_of_mine)
        self.send({"type": "HELLO", "version": 1, "peer_id": own, "agent": "fetch.py/1", "port": 0})
        hello, _ = self.receive()
        if hello["type"] != "HELLO" or not is_number(hello.get("version"), 65535) or hello["version"] < 1:
            raise Trouble("the peer said no HELLO")
        if hello.get("peer_id") != peer_id_text(self.tls.peer_id):
            raise Trouble("the peer is not who it says it is")
        self.tls.set_patience(SILENT_SECONDS)
        self.next_request = 0

    def send(self, message):
        header = json.dumps(message).encode()
        self.tls.write(struct.pack(">II", len(header), 0) + header)

    def receive(self):
        """The next message and its payload."""
        header_length, payload_length = struct.unpack(">II", self.tls.read(8))
        if not 1 <= header_length <= MAX_HEADER or payload_length > MAX_CHUNK_SIZE:
            raise Trouble("the peer sent no frame")
        try:
            message = json.loads(self.tls.read(header_length))
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise Trouble("the peer sent no message")
        return message, self.tls.read(payload_length)

    def answer(self, kinds, until):
        """The next message of these kinds, and its payload. Answers what the peer asks."""
        while time.monotonic() < until:
            message, payload = self.receive()
            if message["type"] == "PING":
                self.send({"type": "PONG"})
            elif message["type"] in ("WANT", "HASHES_REQUEST", "CHUNK_REQUEST"):
                request = {"request": message.get("request")} if message["type"] == "CHUNK_REQUEST" else {}
                self.send({"type": "REJECT", "file_id": message.get("file_id"), **request, "reason": "not_shared"})
            elif message["type"] in kinds:
                return message, payload
        raise Trouble("the peer does not answer any more")

    def ask(self, question, kind, file_id, chunk_size):
        """Asks WANT or HASHES_REQUEST until the peer is not too busy to answer."""
        until = time.monotonic() + SILENT_SECONDS
        while True:
            self.send({"type": question, "file_id": file_id.hex(), "chunk_size": chunk_size})
            answer, payload = self.answer({kind, "REJECT"}, until)
            if answer["type"] == kind:
                return answer, payload
            if answer.get("reason") != "busy":
                raise Trouble(f"the peer does not give the file: {answer.get('reason')}", 3)
            time.sleep(retry_after(answer))

    def learn(self, file_id, size):
        """Learns how a file is cut: the chunk size, the chunk hashes, which are proven to be nodes of its tree, and the
        chunks that the peer has; none for all of them."""
        claim, bits = self.ask("WANT", "BITFIELD", file_id, chunk_size_for(size))
        chunk_size, count = claim.get("chunk_size"), claim.get("num_chunks")
        if not is_chunk_size(chunk_size) or not is_number(count, MAX_CHUNKS):
            raise Trouble("the peer's BITFIELD makes no sense")
        has = None
        if claim.get("complete") is not True:
            has = {at for at in range(min(count, 8 * len(bits))) if bits[at // 8] & 0x80 >> at % 8}
        _, payload = self.ask("HASHES_REQUEST", "HASHES", file_id, chunk_size)
        hashes = [payload[at : at + 32] for at in range(0, len(payload), 32)]
        if len(payload) != 32 * count or root(hashes) != file_id:
            raise Trouble("the peer's chunk hashes do not belong to the file")
        return chunk_size, hashes, has

    def chunks(self, file_id, chunk_size, hashes, has):
        """Yields every chunk, verified, with its number, in the order in which they come."""
        # For each chunk that is not asked for the time from which it may be.
        waiting, requested = dict.fromkeys(range(len(hashes)), 0.0), {}
        until = time.monotonic() + SILENT_SECONDS
        while waiting or requested:
            now = time.monotonic()
            here = ((index, at) for index, at in waiting.items() if has is None or index in has)
            ready = (index for index, at in here if at <= now)
            for index in list(itertools.islice(ready, WINDOW - len(requested))):
                self.request(file_id, chunk_size, index, requested)
                del waiting[index]
            if not requested:
                later = [at for index, at in waiting.items() if has is None or index in has]
                if later:
                    time.sleep(max(0, min(later) - now))
                    continue
            # Where the peer has no more chunks yet, HAVE tells of the next.
            answer, chunk = self.answer({"CHUNK", "REJECT", "HAVE"}, until)
            if answer["type"] == "HAVE":
                told = answer.get("chunks")
                if has is not None and answer.get("file_id") == file_id.hex() and isinstance(told, list):
                    has.update(number for number in told if is_number(number, MAX_CHUNKS))
                continue
            number = answer.get("request")
            if not is_number(number, 2**32 - 1) or number not in requested:
                raise Trouble("the peer answered what was not asked, or no longer has the file")
            index = requested.pop(number)
            if answer["type"] == "CHUNK":
                # A list of other nodes of the tree hashes up to the ID too. That each chunk has its full length shows
                # that these are the hashes of chunks of this size; only the last one may be shorter.
                is_whole = len(chunk) == chunk_size or index == len(hashes) - 1 and 1 <= len(chunk) < chunk_size
                if not is_whole or tree_hash(chunk) != hashes[index]:
                    raise Trouble(f"chunk {index} is not what it should be")
                until = time.monotonic() + SILENT_SECONDS
                yield index, chunk
            elif answer.get("reason") in ("busy", "elsewhere", "not_here", "unreadable"):
                waiting[index] = time.monotonic() + retry_after(answer)
            else:
                raise Trouble(f"the peer does not give chunk {index}: {answer.get('reason')}")

    def request(self, file_id, chunk_size, index, requested):
        number, self.next_request = self.next_request, self.next_request + 1
        requested[number] = index
        what = {"file_id": file_id.hex(), "chunk_size": chunk_size, "index": index, "request": number}
        self.send({"type": "CHUNK_REQUEST", **what})


def retry_after(reject):
    """Seconds after which a rejected question may be asked again."""
    milliseconds = reject.get("retry_after")
    return milliseconds / 1000 if is_number(milliseconds, 10_000) else 0.5


def ask_tracker(url, file_id):
    """Peers that a tracker names: pairs of an address and a peer ID."""
    query = {"type": "QUERY", "file_ids": [file_id.hex()], "max_peers": 50}
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url.rstrip("/") + "/v1/query", json.dumps(query).encode(), headers)
    with urllib.request.urlopen(request, timeout=CONNECT_SECONDS) as answer:
        files = json.loads(answer.read(1 << 20))["files"]
    peers = [peer for file in files for peer in file["peers"]]
    return [(parse_address(address), parse_peer_id(peer["peer_id"])) for peer in peers for address in peer["addresses"]]


def sentence(error):
    if isinstance(error, (http.client.HTTPException, LookupError, TypeError, json.JSONDecodeError)):
        return "the answer is not that of a tracker"
    cause = getattr(error, "reason", error)
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__


def find(gnutls, file_id, peers, trackers):
    """Connects to the first of these peers, or of those that the trackers name, that has the file."""
    errors = ["nobody is named who has the file"]

    def attempt(addresses):
        for address, peer_id in addresses:
            try:
                peer = Peer(gnutls, address, peer_id)
                peer.ask("WANT", "BITFIELD", file_id, DEFAULT_CHUNK_SIZE)
                return peer
            except (OSError, UnicodeError, Trouble) as error:
                errors.append(f"{address[0]}:{address[1]}: {sentence(error)}")
        return None

    found = attempt(peers)
    for tracker in trackers if found is None else []:
        try:
            found = found or attempt(ask_tracker(tracker, file_id))
        except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError, Trouble) as error:
            errors.append(f"{tracker}: {sentence(error)}")
    if found is None:
        raise Trouble("; ".join(errors[1:] or errors), 3)
    return found


# Files and folders.


def fetch_to(peer, file_id, path, size=0):
    """Fetches a file to a path where nothing is yet."""
    chunk_size, hashes, has = peer.learn(file_id, size)
    with open(path, "xb") as file:
        try:
            for index, chunk in peer.chunks(file_id, chunk_size, hashes, has):
                file.seek(index * chunk_size)
                file.write(chunk)
        except BaseException:
            os.remove(path)
            raise


def is_harmless(component):
    """Tells whether a name is one component of a path that leads nowhere else. Other names are refused."""
    bad = component in ("", ".", "..") or re.search(r'[/\\:*?"<>|\0-\x1f\x7f]', component)
    return not bad and len(component.encode()) <= 225


HEAD = b'{"type":"sprat-collection","'
SMALL, MAX_BUNDLE, MAX_LIST, MAX_ENTRIES, MAX_DEPTH = 128 * 1024, 16 * 1024 * 1024, 64 * 1024 * 1024, 1_000_000, 64


def parse_list(data):
    """The files, parts and empty folders of a folder's list, or nothing. A part is an ID and its files."""
    if not data.startswith(HEAD) or len(data) > MAX_LIST:
        return None
    try:
        collection = json.loads(data)
        files = [(file["path"], file["size"], parse_file_id(file["file_id"])) for file in collection["files"]]
        bundles = [(parse_file_id(b["file_id"]), b["files"]) for b in collection.get("bundles", [])]
        folders = collection.get("folders", [])
        paths = [path for path, _, _ in files] + folders
        if len(paths) > MAX_ENTRIES or not all(1 <= len(path) <= MAX_DEPTH and all(path) for path in paths):
            return None
        [component.encode() for path in paths for component in path]
        if not all(is_number(size, 2**63 - 1) for _, size, _ in files):
            return None
        parts = [(id_, [file]) for file in files for id_ in [file[2]] if file[1] > (SMALL if bundles else 0)]
        small = [file for file in files if file[1] <= SMALL]
        if bundles and sum(count for _, count in bundles) != len(small):
            return None
        for id_, count in bundles:
            of_it, small = small[:count], small[count:]
            if count < 1 or sum(size for _, size, _ in of_it) > MAX_BUNDLE:
                return None
            parts.append((id_, of_it))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, Trouble):
        return None
    return files, parts, folders


def fetch_folder(peer, listed, path):
    """Fetches everything in a folder's list below a path where nothing is yet."""
    files, parts, folders = listed
    for components in [file[0] for file in files] + folders:
        if not all(is_harmless(component) for component in components):
            raise Trouble(f"the folder has a name that is not safe to write: {'/'.join(components)!r}")
    for components in folders:
        os.makedirs(os.path.join(path, *components), exist_ok=True)
    os.makedirs(path, exist_ok=True)
    temporary = f"{path}.fetching"
    for part_id, of_it in parts:
        fetch_to(peer, part_id, temporary, sum(size for _, size, _ in of_it))
        try:
            place_part(temporary, part_id, of_it, path)
        finally:
            os.remove(temporary)
    for components, size, _ in files:
        place = os.path.join(path, *components)
        if size == 0 and not os.path.exists(place):
            os.makedirs(os.path.dirname(place), exist_ok=True)
            open(place, "xb").close()


def place_part(temporary, part_id, of_it, path):
    """Puts the files of a part to their places below a path."""
    length = os.path.getsize(temporary)
    with open(temporary, "rb") as part:
        for components, size, file_id in of_it:
            place = os.path.join(path, *components)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "xb") as file:
                if (file_id, size) == (part_id, length):
                    shutil.copyfileobj(part, file)
                    continue
                data = part.read(size)
                if len(data) != size or tree_hash(data) != file_id:
                    raise Trouble(f"the folder's list calls other content by this ID: {'/'.join(components)!r}")
                file.write(data)


def main():
    parser = argparse.ArgumentParser(description="Downloads one file or folder from peers of Sprat.")
    parser.add_argument("link", help="a sprat: link, or a file ID")
    parser.add_argument("-o", "--output", help="path of the file or folder; its own name in this folder without it")
    parser.add_argument("--peer", action="append", default=[], help="another peer's HOST:PORT")
    parser.add_argument("--peer-id", help="the peer that has to be at the addresses that have no ID with them")
    arguments = parser.parse_args()
    file_id, name, peers, trackers = parse_link(arguments.link)
    expected = parse_peer_id(arguments.peer_id) if arguments.peer_id else None
    peers = [(address, expected) for address in [parse_address(peer) for peer in arguments.peer] + peers]
    name = name if name and is_harmless(name) and not name.startswith(".") else file_id.hex()
    output = arguments.output or name
    if os.path.lexists(output):
        raise Trouble(f"{output} is there already")
    peer = find(load_gnutls(), file_id, peers, trackers)
    part = f"{output}.fetching"
    fetch_to(peer, file_id, part)
    with open(part, "rb") as file:
        data = file.read(MAX_LIST + 1) if file.read(len(HEAD)) == HEAD and file.seek(0) == 0 else b""
    listed = parse_list(data)
    if listed:
        os.remove(part)
        fetch_folder(peer, listed, output)
    else:
        os.rename(part, output)
    peer.tls.close()
    print(output)


if __name__ == "__main__":
    try:
        main()
    except Trouble as trouble:
        print(f"fetch.py: {trouble}", file=sys.stderr)
        sys.exit(trouble.code)
    except OSError as error:
        print(f"fetch.py: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
