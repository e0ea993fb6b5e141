/*
 * shim-pbkdf2.c - libcrypto's PBKDF2 cached in programs that know nothing of it.
 *
 * Checking a password costs a fifth of a second on purpose, and a service whose clients send it with every
 * request pays that every time. Behind this shim each password is derived once in five minutes.
 *
 *   cc -shared -fPIC shim-pbkdf2.c -o shim-pbkdf2.so
 *   LD_PRELOAD="$PWD/shim-pbkdf2.so libswrcache.so.0" python3 service.py
 *
 * The derivation has no other input, so an old answer is never wrong; what expiry bounds is how long a
 * password that was used stays in memory. `.secret` keeps it out of the tools.
 */
#include <swrcache.h>

#include <stdint.h>

/* `digest` is a pointer to a static description of the hash: its value tells hashes apart. */
SWR_INTERPOSE(int, PKCS5_PBKDF2_HMAC,
              (SWR_BYTES(pass, passlen), SWR_VAL(int, passlen), SWR_BYTES(salt, saltlen),
               SWR_VAL(int, saltlen), SWR_VAL(int, iter), SWR_VAL(uintptr_t, digest), SWR_VAL(int, keylen),
               SWR_OUT_BYTES(out, keylen)),
              .ttl_ms = SWR_MINUTES(5), .stale_ms = 0, .stale_if_error_ms = 0, .max_entries = 1000,
              .secret = true);
