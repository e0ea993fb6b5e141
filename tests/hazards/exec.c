/* S11: what another program inherits through exec, and what a set-user-id program gets: nothing. */
#include "hazard.h"

#include <dirent.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "scratch.h"

enum { NOT_SECURE = 50 };

extern char **environ;

SWR_CACHED(int, plus, (SWR_VAL(int, n)), .ttl_ms = 1, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    return n + 1;
}

/* Descriptors above 2, but the directory's own. */
static int descriptors(void)
{
    int count = 0;
    DIR *fds = opendir("/proc/self/fd");
    struct dirent *entry;
    CHECK(fds != NULL);
    while (fds != NULL && (entry = readdir(fds)) != NULL) {
        int fd = atoi(entry->d_name);
        count += entry->d_name[0] != '.' && fd > 2 && fd != dirfd(fds);
    }
    if (fds != NULL)
        closedir(fds);
    return count;
}

/* Everything of the runtime at work: the control thread with a client, a worker. */
static void start_everything(void)
{
    CHECK(plus(1) == 2);
    pause_ms(20);
    CHECK(plus(1) == 2);
    CHECK(swrcache_drain(10000));
}

static int run(const char *program, const char *how)
{
    /* Without the handlers of fork(): what is not marked CLOEXEC is inherited. */
    pid_t child = vfork();
    if (child == 0) {
        execl(program, program, how, NULL);
        _exit(40);
    }
    return wait_child(child);
}

static void environment_stays(char **before, char **first)
{
    CHECK(environ == before);
    for (size_t i = 0; first[i] != NULL; i++)
        CHECK(environ[i] == first[i]);
}

/* A copy of this program that belongs to another user and runs with that user's rights. */
static void set_user_id(void)
{
    char copy[100], command[500];
    /* The leak checker cannot look at a set-user-id program. */
    if (getuid() != 0 || SANITIZED)
        return;
    snprintf(copy, sizeof copy, "%s/setuid", scratch);
    snprintf(command, sizeof command, "cp /proc/%d/exe '%s' && chown 65534 '%s' && chmod 4755 '%s'", getpid(),
             copy, copy, copy);
    CHECK(system(command) == 0);
    chmod(scratch, 0755);
    int status = run(copy, "secure");
    chmod(scratch, 0700);
    unlink(copy);
    CHECK(status == 0 || status == NOT_SECURE);
}

static int secure(void)
{
    if (getauxval(AT_SECURE) == 0)
        return NOT_SECURE;
    int before = descriptors();
    for (int i = 0; i < 3; i++)
        CHECK(plus(i) == i + 1 && outcome() == SWR_BYPASS);
    CHECK(descriptors() == before);
    CHECK(swrcache_drain(0));
    return hazard_failures != 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "inherit") == 0)
        return descriptors();
    if (argc > 1 && strcmp(argv[1], "secure") == 0)
        return secure();
    scratch_socket(argv);
    watchdog(60);
    char **before = environ, *first[200];
    size_t n = 0;
    while (environ[n] != NULL && n < 199) {
        first[n] = environ[n];
        n++;
    }
    first[n] = NULL;
    int at_first = descriptors();
    int inherited = run("/proc/self/exe", "inherit");
    start_everything();
    int client = scratch_connect();
    CHECK(client >= 0);
    CHECK(descriptors() > at_first + (client > 2)); /* it takes the place of a closed standard one */
    CHECK(run("/proc/self/exe", "inherit") == inherited);
    environment_stays(before, first);
    close(client);
    set_user_id();
    scratch_remove();
    return finish("exec");
}
