#include "declaration.h"

#include <fnmatch.h>

static const struct forbidden {
    const char *reason;
    const char *const *names; /* NULL ends */
} forbidden[] = {
#define FORBIDDEN(reason, ...) {reason, (const char *const[]){__VA_ARGS__, NULL}},
#include "forbidden.def"
#undef FORBIDDEN
};

const char *declaration_forbidden(const char *name)
{
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
        for (const char *const *n = forbidden[i].names; *n != NULL; n++)
            if (fnmatch(*n, name, 0) == 0)
                return forbidden[i].reason;
    return NULL;
}
