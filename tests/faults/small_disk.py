"""A disk of its own for the room, nearly full, in a namespace that no other process sees."""

import ctypes
import json
import os
import subprocess
from collections.abc import Callable
from functools import cache, partial

from faults.cases import Verdict
from faults.children import Ended, in_child
from faults.reference import undisturbed
from faults.room import ROOM
from faults.scenarios import Scenario
from faults.world import restore

_NEW_NAMESPACE = 0x00020000  # CLONE_NEWNS

_PAGE = 4096


@cache
def can_mount() -> bool:
    """Whether this process may mount a disk; as a rule only root may."""
    return in_child(_mount).code == 0


def on_small_disk(
    scenario: Scenario, pages: int, judge: Callable[[Scenario, Ended], Verdict]
) -> Verdict:
    """Do a scenario's work with a few pages of room, and judge it once there is more."""
    undisturbed(scenario)  # remembered, since the disk is gone with the child
    ended = in_child(partial(_work, scenario, pages, judge))
    return Verdict(*json.loads(ended.out)) if ended.code == 0 else Verdict("died badly", ended.err)


def _work(scenario: Scenario, pages: int, judge: Callable[[Scenario, Ended], Verdict]) -> None:
    _mount()
    restore(scenario.state)
    disk = os.statvfs(ROOM)
    used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
    _mount_again(used + pages * _PAGE)
    ended = in_child(scenario.work)
    _mount_again(2**28)
    print(json.dumps(judge(scenario, ended)))


def _mount() -> None:
    """Put an empty disk in the room's place, for this process and those that it starts."""
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NAMESPACE) != 0:
        raise OSError(ctypes.get_errno(), "no namespace of its own")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={2**28}", "faults", ROOM], check=True)
    os.chdir(ROOM)


def _mount_again(size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", ROOM], check=True)
