# login.py - a service that knows nothing of swrcache: six logins, three by one user and three by another.
import hashlib
import time

began = time.monotonic()
for user in ("ada", "grace", "ada", "ada", "grace", "grace"):
    hashlib.pbkdf2_hmac("sha256", b"the password of " + user.encode(), b"salt", 300000)
print(f"6 logins in {time.monotonic() - began:.2f} s")
