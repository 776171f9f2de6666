import os
import signal
import subprocess
import sys
import time
from pathlib import Path

config = dict(line.strip().split(": ", 1) for line in open("/in/config.yaml") if ": " in line)
deed, elsewhere = config["deed"], config.get("elsewhere")
models = Path("/out/models")
assert os.getuid() == 1234 and Path.home() == Path("/home/model") and sys.argv[1:] == []
assert (Path.home() / "weights.bin").read_text() == "cached\n"
Path("here.txt").write_text("the folder it stands in")


def result():
    (models / "best.pt").write_text(deed)
    (models / "result.yaml").write_text("model: [best.pt]\nmap: 0.5\n")


def many_files():
    for number in range(100_000):
        os.close(os.open(f"/out/{number}.tmp", os.O_WRONLY | os.O_CREAT))


def traps():
    os.unlink("/out/monitor.txt")
    os.mkfifo("/out/monitor.txt")
    os.symlink(elsewhere, "/out/metrics.jsonl")
    os.symlink(elsewhere, models / "also")
    os.symlink("/etc", "/out/etc")
    os.mkfifo("/out/pipe")
    (models / "shut").mkdir()
    (models / "shut" / "file").write_text("x")
    (models / "shut").chmod(0)


def folders_anew():
    for name in ("models", "tensorboard"):
        Path("/out", name).rmdir()
    models.mkdir(0o700)
    Path("/out/runs").mkdir()
    Path("/out/tensorboard").symlink_to("runs")


def links():
    os.symlink("/etc/passwd", models / "best.pt")
    (models / "result.yaml").write_text("model: [best.pt, ../../../etc/passwd]\nmap: 0.5\n")


def talk(size):
    line = b"\rstep" * 200 + b"\n"
    for _ in range(size // len(line)):
        os.write(1, line)


def stay():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for _ in range(3):
        subprocess.Popen(["sleep", "1000"])
    result()
    Path("/out/monitor.txt").write_text(f"t1\t{time.time()}\t0.5\t2\t0\n")
    while True:
        time.sleep(1)


if deed == "forbidden":
    for place in ("/in/x", "/usr/x", "/img-man/x"):
        try:
            Path(place).touch()
        except OSError as error:
            print(place, error.strerror)
        else:
            sys.exit(f"{place} could be written")
    result()
elif deed == "folders anew":
    os.umask(0o077)
    folders_anew()
    result()
elif deed == "many files":
    many_files()
    result()
elif deed == "traps":
    traps()
    result()
elif deed == "links":
    links()
elif deed == "talk":
    talk(24 << 20)
    result()
elif deed == "stay":
    stay()
elif deed == "children":
    subprocess.Popen(["sleep", "1000"])
    result()
elif deed == "network":
    print(*sorted(os.listdir("/sys/class/net")))
    result()
