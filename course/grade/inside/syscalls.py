"""A filter that refuses system calls no lesson needs, and that would get round the limits.

Namespaces of one's own (with them come capabilities, and file systems without a size), memory that
belongs to no process and so is not counted (System V, memfd, shared anonymous maps, large buffers of
sockets), what the whole machine shares (asynchronous I/O, locks on its files, its log, the watching
of its files), key rings, which outlive a submission, sockets that belong to no network namespace,
the one signal that cannot be ignored and leaves a process standing, and the parts of the kernel that
most exploits begin with.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

# Name, number on x86-64, number on ARM64.
_REFUSED = """
shmget 29 194, shmat 30 196, shmctl 31 195, semget 64 190, msgget 68 186, mq_open 240 180,
memfd_create 319 279, memfd_secret 447 447, add_key 248 217, request_key 249 218, keyctl 250 219,
unshare 272 97, setns 308 268, mount 165 40, umount2 166 39, pivot_root 155 41, open_tree 428 428,
move_mount 429 429, fsopen 430 430, fsmount 432 432, mount_setattr 442 442,
ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, kcmp 312 272,
perf_event_open 298 241, bpf 321 280, userfaultfd 323 282, fanotify_init 300 262,
io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427,
name_to_handle_at 303 264, open_by_handle_at 304 265, init_module 175 105, finit_module 313 273,
io_setup 206 0, io_destroy 207 1, io_submit 209 2, io_cancel 210 3, io_getevents 208 4,
io_pgetevents 333 292, flock 73 32, syslog 103 116, inotify_init 253 -, inotify_init1 294 26,
acct 163 89, quotactl 179 60, quotactl_fd 443 443, pidfd_getfd 438 438, process_madvise 440 440
"""
_SOCKET, _SOCKETPAIR, _SETSOCKOPT, _FCNTL = (41, 198), (53, 199), (54, 208), (72, 25)
_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6
_DATAGRAM, _MPTCP = 2, 262
_BUFFERS = (7, 8, 32, 33)  # SO_SNDBUF, SO_RCVBUF, and both by force
# Locks (F_SETLK, F_SETLKW, and those of open files), F_SETSIG, F_SETLEASE, F_NOTIFY.
_FILE_COMMANDS = (6, 7, 37, 38, 10, 1024, 1026)
# What sends a signal, and which argument says which: a process that is stopped cannot stand by.
_SENDERS = """
kill 62 129 1, tkill 200 130 1, tgkill 234 131 2, rt_sigqueueinfo 129 138 1,
rt_tgsigqueueinfo 297 240 2, pidfd_send_signal 424 424 1
"""
_STOP = 19
_CLONE, _CLONE3, _MMAP = (56, 220), (435, 435), (9, 222)
_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_X32 = 0x40000000  # calls of the third kind on x86-64 have numbers from here on
_NEW_NAMESPACES = 0x7E020080  # all CLONE_NEW flags
_SHARED, _ANONYMOUS = 0x01, 0x20

_LOAD, _IF_EQUAL, _IF_ANY_BIT, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_AND = 0x54
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_SET_SECCOMP, _FILTER = 22, 2
_Step = tuple[int, int, int, int]  # what to do, two distances to jump, a number


class Refusal:
    """The filter, made once for all processes that are to be under it.

    On other machines than x86-64 and ARM64 nothing is refused: the namespaces stand alone.
    """

    class _Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    def __init__(self) -> None:
        known = _ARCHITECTURES.get(platform.machine())
        code = _program(*known) if known else b""
        self._code = ctypes.create_string_buffer(code, len(code))
        self._program = self._Program(len(code) // 8, ctypes.addressof(self._code))
        self._libc = ctypes.CDLL(None, use_errno=True)

    def apply(self) -> None:
        """Refuse those calls to this process and all it starts, for ever.

        Raises
        ------
        OSError
            If the kernel has no filters.
        """
        given = ctypes.byref(self._program)
        if self._program.length and self._libc.prctl(_SET_SECCOMP, _FILTER, given, 0, 0):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _program(architecture: int, column: int) -> bytes:
    """Return the filter; each step is an instruction, two distances to jump, and a number."""
    denied, unknown = _FAIL | errno.EPERM, _FAIL | errno.ENOSYS
    family, no_locks = _FAIL | errno.EAFNOSUPPORT, _FAIL | errno.ENOLCK
    steps = [
        (_LOAD, 0, 0, 4),  # the architecture
        (_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, denied),
        (_LOAD, 0, 0, 0),  # the call's number
    ]
    if column == 0:
        steps += [(_IF_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, unknown)]
    for entry in _REFUSED.split(","):
        found = entry.split()[1 + column]
        if found != "-":  # not on this kind of machine
            steps += [(_IF_EQUAL, 0, 1, int(found)), (_RETURN, 0, 0, denied)]
    # The C library falls back from clone3, whose flags cannot be seen here, to clone.
    steps += [(_IF_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, unknown)]
    steps += _when(
        _CLONE[column], [_load(0), (_IF_ANY_BIT, 0, 1, _NEW_NAMESPACES), (_RETURN, 0, 0, denied)]
    )
    steps += _when(
        _MMAP[column],
        [
            _load(3),
            (_IF_ANY_BIT, 0, 2, _SHARED),
            (_IF_ANY_BIT, 0, 1, _ANONYMOUS),
            (_RETURN, 0, 0, denied),
        ],
    )
    for number in (_SOCKET[column], _SOCKETPAIR[column]):
        # Datagrams of AF_UNIX wait at the receiver when their sender has gone: nobody counts them.
        steps += _when(
            number,
            [
                *_one_of(0, _FAMILIES, family),
                *_none_of(2, (_MPTCP,), denied),
                _load(0),
                (_IF_EQUAL, 0, 3, _FAMILIES[0]),
                _load(1),
                (_AND, 0, 0, 0xF),
                (_IF_EQUAL, 1, 0, _DATAGRAM),
                (_RETURN, 0, 0, _ALLOW),
                (_RETURN, 0, 0, denied),
            ],
        )
    steps += _when(_SETSOCKOPT[column], _none_of(2, _BUFFERS, denied))
    steps += _when(_FCNTL[column], _none_of(1, _FILE_COMMANDS, no_locks))
    for entry in _SENDERS.split(","):
        _, *numbers, place = entry.split()
        steps += _when(int(numbers[column]), _none_of(int(place), (_STOP,), denied))
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _load(argument: int) -> _Step:
    """Load the lower half of an argument: these are all of type int."""
    return _LOAD, 0, 0, 16 + 8 * argument


def _when(number: int, steps: list[_Step]) -> list[_Step]:
    """Do this for one call, whose number is loaded, and allow it where nothing speaks against it."""
    return [(_IF_EQUAL, 0, len(steps) + 1, number), *steps, (_RETURN, 0, 0, _ALLOW)]


def _none_of(argument: int, values: tuple[int, ...], answer: int) -> list[_Step]:
    """Answer so where an argument is one of these."""
    steps = [_load(argument)]
    for value in values:
        steps += [(_IF_EQUAL, 0, 1, value), (_RETURN, 0, 0, answer)]
    return steps


def _one_of(argument: int, values: tuple[int, ...], answer: int) -> list[_Step]:
    """Answer so where an argument is none of these."""
    tests = [(_IF_EQUAL, len(values) - k, 0, value) for k, value in enumerate(values)]
    return [_load(argument), *tests, (_RETURN, 0, 0, answer)]
