"""Derived seeds: every random draw is a function of what it is for, never of what was drawn before it.

So a resumed run equals an uninterrupted one, and rollout ``j`` of a prompt at a step uses the same noise under
every allocator (common random numbers between the arms).
"""

import hashlib


def derive_seed(*parts: object) -> int:
    """64-bit seed from named parts, e.g. ``derive_seed(run_seed, "rollout", step, prompt_id, index)``.

    Parts are joined by an unlikely separator after ``str``; equal parts give equal seeds on every platform.
    """
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def digest(text: str, *, length: int = 16) -> str:
    """Hexadecimal blake2b digest of ``length`` characters, used for config hashes and file names."""
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()[:length]
