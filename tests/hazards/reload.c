/*
 * S13: a plug-in is closed, put there anew as another build under its name, and opened again: the new code
 * answers at once and nothing of the old does, whatever was under way; and it leaves nothing behind.
 * usage: reload BUILD1 BUILD2
 */
#include "hazard.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "../gate.h"
#include "runtime/cache/cache.h"
#include "runtime/pool/pool.h"
#include "runtime/registry/function.h"
#include "reload.h"

enum { TIMES = 60, SETTLED = 20 };

static struct reload_host host;
static const char *const *builds;
static char directory[] = "/tmp/swrcache-XXXXXX", path[sizeof directory + 20];
static void *handle;
static const struct reload_plugin *now;

/* Another file comes in its place, as a package manager does it. */
static void install(int build)
{
    char fresh[sizeof path + 8], bytes[1 << 16];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    int from = open(builds[build - 1], O_RDONLY | O_CLOEXEC),
        to = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    CHECK(from >= 0 && to >= 0);
    for (ssize_t n; (n = read(from, bytes, sizeof bytes)) > 0;)
        CHECK(write(to, bytes, (size_t)n) == n);
    close(from);
    close(to);
    CHECK(rename(fresh, path) == 0);
}

static void open_plugin(void)
{
    reload_tell *tell = NULL;
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle != NULL)
        *(void **)&tell = dlsym(handle, "plugin_tell");
    if (tell == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
    now = tell(&host);
}

static void close_plugin(void)
{
    CHECK(dlclose(handle) == 0);
    handle = NULL;
    now = NULL;
}

static void reopen(int build)
{
    close_plugin();
    install(build);
    open_plugin();
    CHECK(now->build == build);
}

static void start(int build)
{
    install(build);
    open_plugin();
    CHECK(now->build == build);
}

static int maps(const char *of)
{
    char line[600];
    int n = 0;
    FILE *f = fopen("/proc/self/maps", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        n += of == NULL || strstr(line, of) != NULL;
    if (f != NULL)
        fclose(f);
    return n;
}

static bool loaded(void)
{
    return maps(directory) != 0;
}

static struct function *named(const char *name)
{
    struct function *found = NULL;
    for (uint32_t i = 0; i < function_count(); i++)
        if (strcmp(function_at(i)->site->name, name) == 0) {
            CHECK(found == NULL);
            found = function_at(i);
        }
    return found;
}

/* But for the one that the plug-in's destructor calls. */
static int bodies_run(void)
{
    return host.bodies - host.ended;
}

static int box_of(int n)
{
    struct box *b = now->boxed(n);
    int value = b != NULL ? b->value : -1;
    if (b != NULL)
        now->box_free(b);
    return value;
}

static int word_of(int n)
{
    char *text = now->word(n);
    int value = text != NULL ? atoi(text) : -1;
    free(text);
    return value;
}

static void all_answer(int build)
{
    for (int i = 0; i < 2; i++) {
        CHECK(now->number(1) == build * 1000 + 1);
        CHECK(word_of(2) == build * 1000 + 2);
        CHECK(box_of(3) == build * 1000 + 3);
        CHECK(now->coded(4) == build * 1000 + 4);
        CHECK(now->keyed(6) == build * 1000 + 6 && now->keyed(7) == build * 1000 + 6);
        CHECK(now->step(25) == build * 1000 + 20 && now->step(29) == build * 1000 + 20);
        CHECK(now->warmed(8) == build * 1000 + 8);
    }
}

static bool gated(void)
{
    pthread_mutex_lock(&gate.mutex);
    bool any = gate.waiting != 0;
    pthread_mutex_unlock(&gate.mutex);
    return any;
}

/* Calls until a refresh stands at the gate. Once one is asked for time stands still: leases would pass. */
static void until_gated(int (*call)(int n), int n, int value)
{
    while (!gated())
        if (pool_state().queued + pool_state().running == 0) {
            swrcache_advance(30);
            CHECK(call(n) == value);
        } else {
            pause_ms(1);
        }
}

/* What is remembered is to be refreshed. A caller that finds the pool busy leaves the refresh to a later one.
 */
static void make_stale(int n)
{
    int value = now->number(n);
    swrcache_advance(1500);
    do {
        swrcache_advance(30);
        CHECK(now->number(n) == value);
    } while (pool_state().queued + pool_state().running == 0);
}

static void new_code_at_once(void)
{
    start(1);
    all_answer(1);
    int bodies = bodies_run();
    CHECK(bodies == 7);
    CHECK(swrcache_invalidate("step(25)") == 1 && now->step(25) == 1020);
    reopen(2);
    CHECK(host.ended == 1 && host.made == host.freed);
    all_answer(2);
    reopen(1);
    all_answer(1);
    close_plugin();
    CHECK(!loaded() && host.ended == 3);
    CHECK(host.made == host.freed && cache_entries() == 0);
    /* It is known as what it was, whichever build it is. */
    struct function *f = named("number");
    CHECK(function_counter(f, COUNTER_misses) == 3 && function_counter(f, COUNTER_hits) == 3);
    CHECK(swrcache_invalidate("number(1)") == 0 && swrcache_invalidate("step(%d)", 25) == 0);
    CHECK(swrcache_expire("region:plug") == 0 && swrcache_emit("plug.changed") == 0);
}

/* As long as a body runs its code is there, whoever closed it; it goes with the body. */
static void amid_a_refresh(void)
{
    int ended = host.ended;
    start(1);
    CHECK(now->number(1) == 1001);
    gate_close("leader.before_call");
    make_stale(1);
    gate_await(1);
    close_plugin();
    CHECK(loaded() && host.ended == ended);
    gate_open();
    CHECK(swrcache_drain(60000));
    CHECK(!loaded() && host.ended == ended + 1);
    start(2);
    CHECK(now->number(1) == 2001);
    close_plugin();
}

static void wait_amid(int n)
{
    if (n == 1)
        gate_reach("amid");
}

/* The same within the body, which calls what takes the dynamic linker's lock. */
static void look_up_amid(int n)
{
    (void)n;
    gate_reach("amid");
    CHECK(dlsym(RTLD_DEFAULT, "no_such_function_anywhere") == NULL);
}

/* Opened again while the old body runs it is the old one; closed and opened after it, the new one. */
static void opened_amid(void)
{
    start(1);
    CHECK(now->number(1) == 1001);
    host.amid = look_up_amid;
    gate_close("amid");
    make_stale(1);
    gate_await(1);
    reopen(1);
    CHECK(now->number(1) == 1001);
    close_plugin();
    CHECK(loaded());
    gate_open();
    CHECK(swrcache_drain(60000));
    host.amid = NULL;
    CHECK(!loaded());
    start(2);
    CHECK(now->number(1) == 2001);
    close_plugin();
}

/* What is queued does not keep it. One worker, which is at something else. */
SWR_CACHED(int, other, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    wait_amid(n);
    return n;
}

static void while_queued(void)
{
    start(1);
    gate_open();
    CHECK(other(1) == 1 && now->number(1) == 1001 && box_of(2) == 1002);
    swrcache_advance(1500);
    gate_close("amid");
    until_gated(other, 1, 1);
    while (pool_state().queued < 2) {
        swrcache_advance(30);
        CHECK(now->number(1) == 1001 && box_of(2) == 1002);
    }
    int bodies = bodies_run();
    close_plugin();
    CHECK(!loaded() && pool_state().queued == 0 && host.made == host.freed);
    start(2);
    CHECK(now->number(1) == 2001 && box_of(2) == 2002);
    gate_open();
    CHECK(swrcache_drain(60000) && bodies_run() == bodies + 2);
    CHECK(now->number(1) == 2001 && box_of(2) == 2002);
    close_plugin();
}

/* A worker has a job of it in hand, and asks the dynamic linker for it too late. */
static void while_taken(void)
{
    start(1);
    CHECK(box_of(1) == 1001);
    swrcache_advance(1500);
    gate_close("home.keeps");
    until_gated(box_of, 1, 1001);
    close_plugin();
    CHECK(!loaded() && host.made == host.freed);
    start(2);
    CHECK(box_of(1) == 2001);
    gate_open();
    CHECK(swrcache_drain(60000));
    CHECK(box_of(1) == 2001);
    close_plugin();
    CHECK(!loaded() && host.made == host.freed);
}

static void kept_warm(void)
{
    start(1);
    CHECK(now->warmed(1) == 1001);
    swrcache_advance(600);
    CHECK(swrcache_drain(60000));
    int bodies = bodies_run();
    close_plugin();
    CHECK(!loaded());
    swrcache_advance(60000);
    CHECK(swrcache_drain(60000) && bodies_run() == bodies);
    start(2);
    CHECK(now->warmed(1) == 2001);
    swrcache_advance(600);
    CHECK(swrcache_drain(60000) && bodies_run() == bodies + 2);
    CHECK(now->warmed(1) == 2001);
    close_plugin();
}

/* A result of the program's own that stands on one of the plug-in's goes with it. */
SWR_CACHED(int, twice, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    return 2 * now->number(n);
}

static void depended_on(void)
{
    start(1);
    CHECK(twice(5) == 2010 && twice(5) == 2010);
    reopen(2);
    CHECK(twice(5) == 4010);
    close_plugin();
}

static void amid_a_batch(void)
{
    start(1);
    CHECK(now->number(1) == 1001);
    swrcache_begin();
    CHECK(now->rename(1) == 1 && now->number(1) == 1001);
    reopen(2);
    CHECK(now->number(1) == 2001 && swrcache_commit());
    CHECK(now->number(1) == 2001);
    close_plugin();
}

/* What was set for a function stays set. */
static void settings_stay(void)
{
    start(1);
    struct function *f = named("number");
    CHECK(atomic_load(&f->settings.ttl) == UINT64_C(1000000000));
    close_plugin();
    start(2);
    CHECK(named("number") == f && atomic_load(&f->settings.ttl) == UINT64_C(1000000000));
    close_plugin();
}

/* In a fork's child nobody has the reference that a worker of the parent's had. */
static void in_a_child(void)
{
    start(1);
    CHECK(other(3) == 3 && now->number(1) == 1001);
    gate_close("leader.before_call");
    make_stale(1);
    gate_await(1);
    pid_t child = fork();
    if (child == 0) {
        hazard_failures = 0;
        atomic_store(&sync_hook, NULL);
        watchdog(60);
        close_plugin();
        CHECK(loaded());
        CHECK(other(3) == 3);
        CHECK(!loaded());
        _exit(hazard_failures != 0);
    }
    CHECK(wait_child(child) == 0);
    gate_open();
    CHECK(swrcache_drain(60000));
    close_plugin();
    CHECK(!loaded());
}

/* A body that ends its thread lets go of its code as well. */
static void end_thread(int n)
{
    if (n == 9)
        pthread_exit(NULL);
}

static void thread_ended(void)
{
    start(1);
    CHECK(now->number(9) == 1009);
    host.amid = end_thread;
    make_stale(9);
    CHECK(swrcache_drain(60000));
    host.amid = NULL;
    close_plugin();
    for (int tries = 0; loaded() && tries < 5000; tries++)
        pause_ms(2);
    CHECK(!loaded());
}

static long resident(void)
{
    long pages = 0, size;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL || fscanf(f, "%ld %ld", &size, &pages) != 2)
        pages = 0;
    if (f != NULL)
        fclose(f);
    return pages;
}

static void sixty_times(void)
{
    int lines = 0;
    long pages = 0;
    uint32_t functions = 0;
    for (int i = 0; i < TIMES; i++) {
        start(1 + i % 2);
        all_answer(1 + i % 2);
        make_stale(1);
        CHECK(swrcache_drain(60000));
        close_plugin();
        CHECK(!loaded());
        if (i == SETTLED) {
            lines = maps(NULL);
            pages = resident();
            functions = function_count();
        }
    }
    CHECK(function_count() == functions);
    CHECK(SANITIZED || maps(NULL) <= lines + 10);
    CHECK(SANITIZED || resident() <= pages + 64);
    CHECK(host.made == host.freed);
}

/* At the end of the process its destructors run, and nothing of it is unloaded. */
static void at_exit(void)
{
    pid_t child = fork_calmly();
    if (child == 0) {
        hazard_failures = 0;
        watchdog(60);
        start(1);
        all_answer(1);
        host.amid = wait_amid;
        CHECK(now->number(1) == 1001);
        gate_close("amid");
        make_stale(1);
        gate_await(1);
        exit(hazard_failures != 0);
    }
    CHECK(wait_child(child) == 0);
}

int main(int argc, char **argv)
{
    with_manual_clock(argv);
    watchdog(100);
    if (argc < 3 || mkdtemp(directory) == NULL)
        return 2;
    builds = (const char *const *)(argv + 1);
    snprintf(path, sizeof path, "%s/plugin.so", directory);
    new_code_at_once();
    amid_a_refresh();
    opened_amid();
    while_queued();
    while_taken();
    kept_warm();
    depended_on();
    amid_a_batch();
    settings_stay();
    in_a_child();
    thread_ended();
    sixty_times();
    at_exit();
    unlink(path);
    rmdir(directory);
    return finish("reload");
}
