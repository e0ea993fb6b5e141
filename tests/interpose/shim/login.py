import hashlib

for user in ("ada", "grace", "ada", "ada", "grace", "ada"):
    print(user, hashlib.pbkdf2_hmac("sha256", b"the password of " + user.encode(), b"salt", 3000).hex())
