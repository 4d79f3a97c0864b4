"""A program ends, whatever of ossicle it leaves open: each way of leaving is a process of its own.

Each program prints `leaving` where it has nothing more to do; from there it has two seconds. A way
ends badly where it hangs or prints an exception.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

START_S = 25.0
"""Until a program has started, on a busy machine."""

LEAVE_S = 2.0

SETUP = """
import asyncio, atexit, contextlib, gc, os, signal, socket, sys, threading, time
from ossicle import AsyncClient, Client
from ossicle.errors import OssicleError

def stalled_vendor():
    "A server that answers the head and the first event of a stream, and then nothing."
    listening = socket.create_server(("127.0.0.1", 0))
    kept = []
    def serve():
        while True:
            connection, _ = listening.accept()
            kept.append(connection)
            connection.recv(1 << 16)
            body = (b'data: {"id":"x","model":"m","choices":[{"index":0,"delta":'
                    b'{"role":"assistant","content":"Hel"}}]}\\n\\n')
            connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\n"
                b"Transfer-Encoding: chunked\\r\\n\\r\\n%x\\r\\n%s\\r\\n" % (len(body), body))
    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}/v1"

def stalled(kind=Client):
    return kind("openai:gpt-4.1-nano", base_url=stalled_vendor(), api_key="none", timeout_s=60)

def enter(manager):
    globals()["manager"] = manager
    return manager.__enter__()

def leaving():
    print("leaving", flush=True)
"""

BLOCKING = {
    "an open stream": """
        stream = enter(Client("echo").stream("hello", output_format="wav"))
        next(iter(stream)); leaving()
    """,
    "an open stream of a vendor that stalls": """
        stream = enter(stalled().stream("hello"))
        next(iter(stream)); leaving()
    """,
    "an entered context that is held by a name": """
        manager = Client("echo").stream("hello")
        events = iter(manager.__enter__())
        next(events); leaving()
    """,
    "a generator that reads a stream is dropped": """
        client = stalled()
        def words():
            with client.stream("hello") as stream:
                yield from stream
        found = words(); next(found); leaving(); del found
    """,
    "a generator that reads a stream is held": """
        client = stalled()
        def words():
            with client.stream("hello") as stream:
                yield from stream
        found = words(); next(found); leaving()
    """,
    "a stream in a reference cycle": """
        class Held: pass
        held = Held(); held.me = held
        held.manager = Client("echo").stream("hello"); held.stream = held.manager.__enter__()
        next(held.stream); leaving(); del held; gc.collect()
    """,
    "sys.exit within the stream": """
        with stalled().stream("hello") as stream:
            for event in stream:
                leaving(); sys.exit(0)
    """,
    "an exception within the stream": """
        with contextlib.suppress(ZeroDivisionError), stalled().stream("hello") as stream:
            for event in stream:
                leaving(); 1 / 0
    """,
    "a call under way in a daemon thread": """
        client = stalled()
        threading.Thread(target=lambda: client.respond("hello"), daemon=True).start()
        time.sleep(0.3); leaving()
    """,
    "a stream read by a daemon thread": """
        client = stalled()
        def read():
            with client.stream("hello") as stream:
                for event in stream: pass
        threading.Thread(target=read, daemon=True).start()
        time.sleep(0.3); leaving()
    """,
    "an encoder that waits for more": """
        stream = enter(Client("echo").stream("hello", output_format="mp3"))
        next(iter(stream)); leaving()
    """,
    "a turn of a conversation": """
        talk = stalled().conversation()
        stream = enter(talk.stream("hello"))
        next(iter(stream)); leaving()
    """,
    "a client that closes at exit": """
        client = stalled(); atexit.register(client.close)
        stream = enter(client.stream("hello")); next(iter(stream)); leaving()
    """,
    "a call at exit": """
        def late():
            try: client.respond("late")
            except OssicleError: pass
        atexit.register(late)
        client = Client("echo"); client.respond("hello"); leaving()
    """,
    "an object that closes its client when it is finalised": """
        class Service:
            def __init__(self): self.client = stalled()
            def __del__(self): self.client.close()
        service = Service(); service.loop = service
        stream = enter(service.client.stream("hello")); next(iter(stream)); leaving()
    """,
    "an interrupt while an event is waited for": """
        def interrupt():
            time.sleep(0.3); leaving(); os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=interrupt, daemon=True).start()
        with contextlib.suppress(KeyboardInterrupt), stalled().stream("hello") as stream:
            for event in stream: pass
    """,
    "a signal handler that closes the client": """
        client = stalled()
        signal.signal(signal.SIGUSR1, lambda *_: (leaving(), client.close()))
        threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
        with contextlib.suppress(OssicleError), client.stream("hello") as stream:
            for event in stream: pass
    """,
    "a signal handler that leaves": """
        signal.signal(signal.SIGTERM, lambda *_: (leaving(), sys.exit(0)))
        threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGTERM)).start()
        with stalled().stream("hello") as stream:
            for event in stream: pass
    """,
    "a fork that inherits an open stream": """
        client = Client("echo")
        stream = enter(client.stream("hello")); next(iter(stream))
        child = os.fork()
        if child == 0:
            sys.exit(0)
        leaving(); assert os.waitpid(child, 0)[1] == 0
    """,
    "a fork that inherits a stream inside its block": """
        client = Client("echo")
        with client.stream("hello") as stream:
            next(iter(stream))
            child = os.fork()
        if child == 0:
            sys.exit(0)
        leaving(); assert os.waitpid(child, 0)[1] == 0
    """,
}

ASYNC = {
    "a stream that is never left": """
        async def main():
            client = AsyncClient("echo")
            global manager
            manager = client.stream("hello", output_format="wav")
            stream = await manager.__aenter__()
            await anext(stream); leaving()
        RUN(main)
    """,
    "a stream of a vendor that stalls": """
        async def main():
            global manager
            manager = stalled(AsyncClient).stream("hello"); stream = await manager.__aenter__()
            await anext(stream); leaving()
        RUN(main)
    """,
    "a generator that is dropped": """
        async def main():
            client = stalled(AsyncClient)
            async def words():
                async with client.stream("hello") as stream:
                    async for event in stream: yield event
            found = words(); await anext(found); leaving()
        RUN(main)
    """,
    "sys.exit within the stream": """
        async def main():
            async with stalled(AsyncClient).stream("hello") as stream:
                async for event in stream:
                    leaving(); sys.exit(0)
        RUN(main)
    """,
    "an exception within the stream": """
        async def main():
            async with stalled(AsyncClient).stream("hello") as stream:
                async for event in stream:
                    leaving(); 1 / 0
        with contextlib.suppress(ZeroDivisionError, BaseExceptionGroup): RUN(main)
    """,
    "an interrupt while an event is waited for": """
        def interrupt():
            time.sleep(0.5); leaving(); os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=interrupt, daemon=True).start()
        async def main():
            async with stalled(AsyncClient).stream("hello") as stream:
                async for event in stream: pass
        with contextlib.suppress(KeyboardInterrupt): RUN(main)
    """,
    "an encoder that waits for more": """
        async def main():
            global manager
            manager = AsyncClient("echo").stream("hello", output_format="mp3")
            await anext(await manager.__aenter__()); leaving()
        RUN(main)
    """,
    "two loops and a client that is never closed": """
        client = AsyncClient("echo")
        async def main(): await client.respond("hello")
        RUN(main); RUN(main); leaving()
    """,
    "a turn of a conversation": """
        async def main():
            global manager
            talk = stalled(AsyncClient).conversation()
            manager = talk.stream("hello"); await anext(await manager.__aenter__()); leaving()
        RUN(main)
    """,
    "a loop in a daemon thread": """
        async def main():
            async with stalled(AsyncClient).stream("hello") as stream:
                async for event in stream: pass
        threading.Thread(target=lambda: RUN(main), daemon=True).start()
        time.sleep(0.5); leaving()
    """,
}

WITH_ASYNCIO = "def RUN(main): asyncio.run(main())\n"
WITH_TRIO = "import trio\ndef RUN(main): trio.run(main)\n"


def left(program: str, folder: Path) -> tuple[float, str]:
    """How many seconds a program took from `leaving` to its end, and what it wrote beside."""
    path = folder / "program.py"
    path.write_text(f"{SETUP}\n{program}\n")
    found = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path if entry)
    with subprocess.Popen(
        [sys.executable, str(path)],
        env={**os.environ, "PYTHONPATH": found},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        try:
            said = running.stdout.readline()
            began = time.monotonic()
            assert said == "leaving\n", running.stderr.read()
            running.wait(START_S)
            seconds = time.monotonic() - began
        finally:
            running.kill()
        return seconds, running.stderr.read()


@pytest.mark.slow
@pytest.mark.parametrize("way", BLOCKING)
def test_a_program_with_a_blocking_client_ends(way: str, tmp_path: Path) -> None:
    seconds, errors = left(textwrap.dedent(BLOCKING[way]), tmp_path)
    if way != "a stream read by a daemon thread":  # which prints the error it gets, if in time
        assert errors == ""
    assert seconds <= LEAVE_S


@pytest.mark.slow
@pytest.mark.parametrize("runner", [WITH_ASYNCIO, WITH_TRIO], ids=["asyncio", "trio"])
@pytest.mark.parametrize("way", ASYNC)
def test_a_program_with_an_async_client_ends(way: str, runner: str, tmp_path: Path) -> None:
    seconds, errors = left(runner + textwrap.dedent(ASYNC[way]), tmp_path)
    # asyncio and trio close generators that nobody closed at their end, and may say so; an error
    # of ours would name a plugin as the culprit.
    assert "PluginContractError" not in errors
    assert seconds <= LEAVE_S
