#define _GNU_SOURCE
#include "made.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    KEYS = 20000,
    LENGTH = 1 << 17,
    SCAN_EVERY = 16384, /* requests between two scans of */
    SCAN = 4096,        /* keys that nobody asks for again */
    SHIFT = 32768,      /* requests until half the keys are others */
};

static bool add(struct traces *traces, const char *path)
{
    if (traces->count == MOST_TRACES) {
        fprintf(stderr, "swrbench: more than %d traces\n", MOST_TRACES);
        return false;
    }
    traces->paths[traces->count] = strdup(path);
    return traces->paths[traces->count++] != NULL;
}

static bool is_file(const char *stem, size_t length, const char *ending)
{
    char path[4096];

    return snprintf(path, sizeof path, "%.*s%s", (int)length, stem, ending) < (int)sizeof path &&
           access(path, R_OK) == 0;
}

/* NAME.txt beside a NAME.tsk are the same requests without their times. */
static bool is_repeated(const char *path)
{
    const char *ending = strstr(path, ".txt");

    return ending && (is_file(path, (size_t)(ending - path), ".tsk") ||
                      is_file(path, (size_t)(ending - path), ".tsk.xz"));
}

static bool of_folder(struct traces *traces, const char *folder)
{
    static const char *const endings[] = {"txt", "tsk", "txt.xz", "tsk.xz"};
    char pattern[4096];
    bool done = true;
    DIR *there = opendir(folder);

    if (!there) {
        fprintf(stderr, "swrbench: --traces %s: %s\n", folder, strerror(errno));
        return false;
    }
    closedir(there);
    for (size_t i = 0; done && i < sizeof endings / sizeof *endings; i++) {
        glob_t found;

        snprintf(pattern, sizeof pattern, "%s/*.%s", folder, endings[i]);
        if (glob(pattern, 0, NULL, &found) != 0)
            continue;
        for (size_t at = 0; done && at < found.gl_pathc; at++)
            done = is_repeated(found.gl_pathv[at]) || add(traces, found.gl_pathv[at]);
        globfree(&found);
    }
    if (done && traces->count == 0) {
        fprintf(stderr, "swrbench: --traces %s: no *.txt, *.tsk, *.txt.xz or *.tsk.xz in it\n", folder);
        done = false;
    }
    return done;
}

enum made { MADE_ZIPF, MADE_SCANS, MADE_SHIFTING, MADE };

static const char *const names[MADE] = {"zipf", "scans", "shifting"};

/* The request at a place, of the law's keys and of others. */
static void write_request(FILE *file, enum made kind, int64_t key, size_t at)
{
    if (kind == MADE_SHIFTING && key % 2)
        key += (int64_t)(at / SHIFT) << 32;
    fprintf(file, "%" PRIu64 "\n", (uint64_t)key);
    for (size_t i = 0; kind == MADE_SCANS && at % SCAN_EVERY == 0 && i < SCAN; i++)
        fprintf(file, "%zu\n", at / SCAN_EVERY * SCAN + i);
}

static bool make(struct traces *traces, enum made kind)
{
    char path[128];
    struct keys keys;
    FILE *file;
    bool done;

    snprintf(path, sizeof path, "%s/%s.txt", traces->folder, names[kind]);
    file = fopen(path, "we");
    done = keys_open(&keys, KEYS, LENGTH, true, false, 7) && file;
    for (size_t at = 0; done && at < keys.length; at++)
        write_request(file, kind, keys.ints[at], at);
    done = file && fclose(file) == 0 && done;
    keys_close(&keys);
    if (!done)
        fprintf(stderr, "swrbench: cannot write %s: %s\n", path, strerror(errno));
    return add(traces, path) && done;
}

bool traces_open(struct traces *traces, const struct settings *settings)
{
    bool done = true;

    *traces = (struct traces){.made = settings->count == 0 && !settings->traces};
    for (size_t i = 0; done && i < settings->count; i++)
        done = add(traces, settings->args[i]);
    if (settings->count > 0)
        return done;
    if (settings->traces)
        return of_folder(traces, settings->traces);
    snprintf(traces->folder, sizeof traces->folder, "/tmp/swrbench-XXXXXX");
    if (!mkdtemp(traces->folder)) {
        fprintf(stderr, "swrbench: cannot make a folder in /tmp: %s\n", strerror(errno));
        traces->folder[0] = '\0';
        return false;
    }
    for (enum made kind = 0; done && kind < MADE; kind++)
        done = make(traces, kind);
    return done;
}

void traces_close(struct traces *traces)
{
    for (size_t i = 0; i < traces->count; i++) {
        if (traces->folder[0])
            unlink(traces->paths[i]);
        free(traces->paths[i]);
    }
    if (traces->folder[0])
        rmdir(traces->folder);
}
