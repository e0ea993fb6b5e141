/*
 * S13: dlclose() of an annotated plug-in, with a refresh in flight, one queued, and values whose release
 * function lives in it. The refresh keeps the object mapped until it ends; then all is released, and it goes.
 */
#include "hazard.h"

#include <dlfcn.h>

#include "../gate.h"
#include "runtime/cache/cache.h"
#include "runtime/pool/pool.h"
#include "unload.h"

enum { CYCLES = SANITIZED ? 60 : 500, SETTLED = 30 };

static struct unload_host host;

struct plugin {
    void *handle;
    struct box *(*boxed)(const char *name, int n);
    void (*box_free)(struct box *b);
};

static struct plugin plugin_open(const char *path)
{
    void (*tell)(struct unload_host *);
    struct plugin p = {.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)};
    CHECK(p.handle != NULL);
    if (p.handle == NULL)
        exit(1);
    *(void **)&p.boxed = dlsym(p.handle, "boxed");
    *(void **)&p.box_free = dlsym(p.handle, "box_free");
    *(void **)&tell = dlsym(p.handle, "plugin_tell");
    tell(&host);
    host.opened++;
    return p;
}

static int value(struct plugin *p, int n)
{
    struct box *b = p->boxed("any", n);
    int v = b != NULL ? b->value : -1;
    if (b != NULL)
        p->box_free(b);
    return v;
}

static long lines(const char *path)
{
    long n = 0;
    FILE *f = fopen(path, "r");
    CHECK(f != NULL);
    for (int c; f != NULL && (c = getc(f)) != EOF;)
        n += c == '\n';
    if (f != NULL)
        fclose(f);
    return n;
}

/* One worker is held in the midst of a refresh, others are queued behind it, and the plug-in is closed. */
static void cycle(const char *path, int build)
{
    struct plugin p = plugin_open(path);
    for (int n = 1; n <= 4; n++)
        CHECK(value(&p, n) == n * build);
    gate_close("leader.before_call");
    swrcache_advance(1500);
    /* A caller that finds the pool busy goes on without it. */
    do {
        swrcache_advance(2);
        for (int n = 1; n <= 4; n++)
            CHECK(value(&p, n) == n * build);
    } while (pool_state().queued + pool_state().running == 0);
    gate_await(1);
    CHECK(dlclose(p.handle) == 0);
    gate_open();
    CHECK(swrcache_drain(20000));
    CHECK(host.ended == host.opened && host.freed == host.made);
}

int main(int argc, char **argv)
{
    with_manual_clock(argv);
    watchdog(100);
    if (argc < 3)
        return 2;
    long maps = 0;
    for (int i = 0; i < CYCLES; i++) {
        if (i == SETTLED)
            maps = lines("/proc/self/maps");
        cycle(argv[1 + i % 2], 1 + i % 2);
    }
    CHECK(SANITIZED || lines("/proc/self/maps") <= maps + 20);
    /* Both builds' function is one and the same. */
    CHECK(function_count() == 1);
    CHECK(cache_entries() == 0);
    CHECK(host.made >= 4 * CYCLES);
    return finish("unload");
}
