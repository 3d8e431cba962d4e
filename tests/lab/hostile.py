"""Bodies of attacks that are run in each sandbox and, to show that they work, in none.

Each gives a dict of functions; `attempts` in conftest.py runs them inside a trial.
"""

CONNECT = """
    def connect(family, address):
        with socket.socket(family) as line:
            line.settimeout(2)
            line.connect(address)
        return "reached"
    def pair(kind, address):
        here, there = socket.socketpair(socket.AF_UNIX, kind)
        with here, there:
            here.sendto(b"x", address)
        return "reached"
    def listen():
        with socket.socket() as line:
            line.bind(("0.0.0.0", 0))
            line.listen()
        return "reached"
    return {
        "loopback": lambda: connect(socket.AF_INET, ("127.0.0.1", given["port"])),
        "unix": lambda: connect(socket.AF_UNIX, given["path"]),
        "nameless": lambda: connect(socket.AF_UNIX, chr(0) + given["nameless"]),
        "by a pair": lambda: pair(socket.SOCK_DGRAM, given["datagrams"]),
        "all interfaces": listen,
        "loopback6": lambda: connect(socket.AF_INET6, ("::1", given["port"])),
        "outside": lambda: connect(socket.AF_INET, ("192.0.2.1", 80)),
        "vsock": lambda: str(socket.socket(40, socket.SOCK_STREAM)),
        "netlink": lambda: str(socket.socket(16, socket.SOCK_RAW)),
        "packet": lambda: str(socket.socket(17, socket.SOCK_RAW)),
    }"""

LOOK = """
    def read(path):
        with open(path, "rb") as file:
            return file.read(10**6).decode(errors="replace")
    def numbers():
        try:
            return [p for p in os.listdir("/proc") if p.isdigit()]
        except OSError:
            return []
    def each(what):
        found = ""
        for number in {*numbers(), "1", "self", str(given["pid"]), str(os.getppid())}:
            try:
                found += read(f"/proc/{number}/{what}")
            except OSError:
                pass
        return found
    def by(linking):
        path = f"{SCRATCH}/{os.getpid()}"
        linking(given["secret"], path)
        try:
            return read(path)
        finally:
            os.unlink(path)
    def descriptors():
        kinds = []
        for number in range(3, 256):
            try:
                kinds.append(os.fstat(number).st_mode >> 12)
            except OSError:
                pass
        return kinds
    return {
        "secret": lambda: read(given["secret"]),
        "its folder": lambda: os.listdir(os.path.dirname(given["secret"])),
        "by a link": lambda: by(os.symlink),
        "by a second name": lambda: by(os.link),
        "shadow": lambda: read("/etc/shadow"),
        "passwd": lambda: read("/etc/passwd"),
        "checkout": lambda: bool(read(given["checkout"])),
        "home": lambda: [n for n in os.listdir(given["home"]) if n not in given["python"]],
        "environments": lambda: "a-secret-key" in each("environ"),
        "commands": lambda: "61.8034" in each("cmdline"),
        "memory": lambda: bool(read(f"/proc/{given['pid']}/maps")),
        "own environment": lambda: sorted(os.environ),
        "processes": lambda: len(numbers()),
        "descriptors": descriptors,
    }"""

SIGNAL = """
    def send(number, signal_):
        os.kill(number, signal_)
        return "sent"
    def reached():
        found = []
        for number in range(1, 32768):
            try:
                os.kill(number, 0)
            except OSError:
                continue
            found.append(number)
        return sorted(set(found) - {1, os.getpid(), os.getppid()})
    return {"other": lambda: send(given["pid"], 9), "reached": reached}"""
