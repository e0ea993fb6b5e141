/*
 * S14: the library itself, opened and closed a thousand times, and a second copy of it in one process, opened
 * privately and in a namespace of its own: nothing grows, and the copies do not fight for one socket.
 * usage: selves LIBRARY PLUGIN
 */
#include "hazard.h"

#include <dlfcn.h>
#include <limits.h>
#include <sys/stat.h>

#include "../process.h"
#include "scratch.h"

enum { TIMES = 1000, SETTLED = 20, KEYS = PTHREAD_KEYS_MAX };

/* What grows when something is left behind. */
struct load {
    int maps, keys, threads, descriptors;
    long memory;
};

static long number_after(const char *path, const char *word)
{
    char line[300];
    long n = -1;
    FILE *f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, word, strlen(word)) == 0)
            n = atol(line + strlen(word));
    if (f != NULL)
        fclose(f);
    return n;
}

static int lines(const char *path)
{
    int n = 0;
    FILE *f = fopen(path, "r");
    for (int c; f != NULL && (c = getc(f)) != EOF;)
        n += c == '\n';
    if (f != NULL)
        fclose(f);
    return n;
}

static int keys_left(void)
{
    static pthread_key_t made[KEYS];
    int n = 0;
    while (n < KEYS && pthread_key_create(&made[n], NULL) == 0)
        n++;
    for (int i = 0; i < n; i++)
        pthread_key_delete(made[i]);
    return n;
}

static struct load load_now(void)
{
    return (struct load){lines("/proc/self/maps"), KEYS - keys_left(), process_count("/proc/self/task"),
                         process_count("/proc/self/fd"), number_after("/proc/self/status", "VmRSS:")};
}

typedef int plus_fn(const struct swrcache_api *api, int function, int n);

static const struct swrcache_api *attach(void *library)
{
    swrcache_attach_fn *door = NULL;
    *(void **)&door = library != NULL ? dlsym(library, "swrcache_attach") : NULL;
    return door != NULL ? door(SWRCACHE_ABI) : NULL;
}

static void *opened(Lmid_t space, const char *path)
{
    void *handle = space == LM_ID_BASE ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : dlmopen(space, path, RTLD_NOW);
    if (handle == NULL)
        fprintf(stderr, "%s\n", dlerror());
    return handle;
}

/* The same file under another name and number. */
static void copy(const char *from, const char *to)
{
    char command[2 * PATH_MAX + 20];
    snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
    CHECK(system(command) == 0);
}

static bool answers(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char reply[2000] = "";
    size_t got = 0;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    for (int tries = 0; tries < 2000; tries++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
            bool sent = send(fd, "functions\n", 10, MSG_NOSIGNAL) == 10;
            shutdown(fd, SHUT_WR);
            for (ssize_t n; sent && got < sizeof reply - 1 &&
                            (n = recv(fd, reply + got, sizeof reply - 1 - got, 0)) > 0;)
                got += (size_t)n;
            close(fd);
            return strstr(reply, "first") != NULL && strstr(reply, "second") == NULL;
        }
        close(fd);
        pause_ms(1);
    }
    return false;
}

static void a_thousand_times(const char *library, plus_fn *plus, const char *socket_file)
{
    struct load before = {0}, after;
    for (int i = 0; i < TIMES; i++) {
        void *handle = opened(LM_ID_BASE, library);
        const struct swrcache_api *api = attach(handle);
        CHECK(api != NULL && plus(api, 0, i % 3) == i % 3 + 1);
        CHECK(handle != NULL && dlclose(handle) == 0);
        if (i == SETTLED) {
            CHECK(answers(socket_file));
            before = load_now();
        }
    }
    after = load_now();
    CHECK(after.maps <= before.maps + 2 && after.keys == before.keys);
    CHECK(after.threads == before.threads && after.descriptors == before.descriptors);
    CHECK(after.memory <= before.memory + 300);
    /* It stays: what was made in one life is there in the next. */
    void *handle = opened(LM_ID_BASE, library);
    struct swrcache_info info;
    CHECK(plus(attach(handle), 0, 1) == 2);
    attach(handle)->last(&info);
    CHECK(info.outcome == SWR_HIT);
}

/* A copy with the libc of everybody, and one with a libc of its own. */
static void second_copies(const char *library, const char *plugin, plus_fn *plus, const char *directory,
                          const char *socket_file)
{
    char other[PATH_MAX];
    struct stat before, after;
    struct swrcache_info info;
    CHECK(answers(socket_file) && stat(socket_file, &before) == 0);
    snprintf(other, sizeof other, "%s/other.so", directory);
    copy(library, other);

    const struct swrcache_api *first = attach(opened(LM_ID_BASE, library));
    const struct swrcache_api *second = attach(opened(LM_ID_BASE, other));
    CHECK(second != NULL && second != first);
    for (int i = 0; i < 3; i++)
        CHECK(plus(second, 1, 5) == 6);
    second->last(&info);
    CHECK(info.outcome == SWR_HIT);

    void *runtime = opened(LM_ID_NEWLM, library);
    Lmid_t space = LM_ID_BASE;
    CHECK(runtime != NULL && dlinfo(runtime, RTLD_DI_LMID, &space) == 0 && space != LM_ID_BASE);
    void *apart = opened(space, plugin);
    plus_fn *plus_apart = NULL;
    *(void **)&plus_apart = apart != NULL ? dlsym(apart, "plus") : NULL;
    CHECK(plus_apart != NULL);
    if (plus_apart != NULL) {
        const struct swrcache_api *third = attach(runtime);
        CHECK(third != NULL && third != first);
        for (int i = 0; i < 3; i++)
            CHECK(plus_apart(third, 1, 7) == 8);
        third->last(&info);
        CHECK(info.outcome == SWR_HIT);
    }
    /* The place is taken: it stays with who had it, and answers for him alone. */
    CHECK(stat(socket_file, &after) == 0 && after.st_ino == before.st_ino);
    CHECK(answers(socket_file));
    unlink(other);
}

int main(int argc, char **argv)
{
    char socket_file[100];
    if (argc < 3)
        return 2;
    scratch_socket(argv);
    watchdog(100);
    snprintf(socket_file, sizeof socket_file, "%s/%d.sock", scratch, getpid());
    void *plugin = opened(LM_ID_BASE, argv[2]);
    plus_fn *plus = NULL;
    *(void **)&plus = plugin != NULL ? dlsym(plugin, "plus") : NULL;
    if (plus == NULL)
        return 2;
    a_thousand_times(argv[1], plus, socket_file);
    second_copies(argv[1], argv[2], plus, scratch, socket_file);
    scratch_remove();
    return finish("selves");
}
