/* object.c - shared objects: callers get one more reference, the cache gives up its own with free. */
#include <swrcache.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct config {
    atomic_int references;
    int port;
};

static struct config *config_ref(const struct config *config)
{
    struct config *shared = (struct config *)config;

    atomic_fetch_add(&shared->references, 1);
    return shared;
}

static void config_unref(struct config *config)
{
    if (atomic_fetch_sub(&config->references, 1) == 1)
        free(config);
}

SWR_CACHED_OBJECT(struct config, config_of, (SWR_STR(host)), config_ref, config_unref,
                  .fails = SWR_FAILS_NULL)
{
    struct config *config = host ? malloc(sizeof *config) : NULL;

    if (config) {
        atomic_init(&config->references, 1);
        config->port = 8080;
    }
    return config;
}

int main(void)
{
    struct config *a = config_of("db"), *b = config_of("db");
    int good = a && b && a->port == 8080 && b->port == 8080;

    SWR_INVALIDATE_ALL(config_of); /* ours live on */
    good = good && a->port == 8080 && !config_of(NULL);
    printf("%s\n", a == b ? "one object, shared" : "two objects");
    if (a)
        config_unref(a);
    if (b)
        config_unref(b);
    return !good;
}
