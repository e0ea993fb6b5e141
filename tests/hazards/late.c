/* Interposed functions start no thread until the program has lived a while; annotated ones do at once. */
#include "hazard.h"

#include "../process.h"

SWR_CACHED(int, interposed, (SWR_VAL(int, x)))
{
    return x;
}

SWR_CACHED(int, annotated, (SWR_VAL(int, x)))
{
    return x;
}

__attribute__((constructor(101))) static void mark(void)
{
    swrcache_site_interposed.flags |= SWRCACHE_SITE_INTERPOSED;
}

static void interposed_late(void)
{
    CHECK(interposed(1) == 1);
    swrcache_advance(249);
    CHECK(interposed(1) == 1 && interposed(2) == 2);
    CHECK(process_count("/proc/self/task") == 1);
    swrcache_advance(1);
    CHECK(interposed(1) == 1);
    CHECK(process_count("/proc/self/task") == 2);
}

/* A child is young again. */
static void child_late(void)
{
    pid_t child = fork();
    if (child == 0) {
        interposed_late();
        exit(hazard_failures != 0);
    }
    CHECK(wait_child(child) == 0);
}

static void annotated_at_once(void)
{
    pid_t child = fork();
    if (child == 0) {
        CHECK(annotated(1) == 1);
        CHECK(process_count("/proc/self/task") == 2);
        exit(hazard_failures != 0);
    }
    CHECK(wait_child(child) == 0);
}

int main(int argc, char **argv)
{
    char directory[] = "/tmp/swrcache-late-XXXXXX";
    (void)argc;
    watchdog(60);
    if (getenv("SWR_CLOCK") == NULL) {
        if (mkdtemp(directory) == NULL)
            return 2;
        pid_t child = fork();
        if (child == 0) {
            setenv("SWR_SOCKET_DIR", directory, 1);
            setenv("SWR_CONTROL", "1", 1);
            with_manual_clock(argv);
        }
        int status = wait_child(child);
        rmdir(directory);
        return status;
    }
    CHECK(process_count("/proc/self/task") == 1);
    annotated_at_once();
    interposed_late();
    /* The allocator of AddressSanitizer is locked for ever in a child of a program whose thread just starts.
     */
    if (!SANITIZED)
        child_late();
    return finish("late");
}
