/* counting.c - stands behind a shim in the place of libcrypto, and says how often it was asked. */
#include <stdio.h>
#include <string.h>

int PKCS5_PBKDF2_HMAC(const char *pass, int passlen, const unsigned char *salt, int saltlen, int iter,
                      const void *digest, int keylen, unsigned char *out);
static int asked;

int PKCS5_PBKDF2_HMAC(const char *pass, int passlen, const unsigned char *salt, int saltlen, int iter,
                      const void *digest, int keylen, unsigned char *out)
{
    (void)salt;
    (void)saltlen;
    (void)iter;
    (void)digest;
    asked++;
    memset(out, pass[passlen - 1], (size_t)keylen);
    return 1;
}

__attribute__((destructor)) static void tell(void)
{
    if (asked != 0)
        fprintf(stderr, "asked %d times\n", asked);
}
