#define _GNU_SOURCE
/*
 * run.c - swrctl run, advise, wrap: a program whose functions are wrapped without a compiler.
 */
#include "terminal/invocation.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "advise.h"
#include "place.h"
#include "object/program.h"
#include "object/reach.h"
#include "request.h"
#include "object/wrapper.h"
#include "terminal/text.h"

/* As shells have it. */
enum { NOT_EXECUTABLE = 126, NOT_FOUND = 127 };

static bool make(struct request *r, struct wrapper *w)
{
    char why[256];
    if (wrapper_make(r->rules.list, r->rules.count, r->machine, !r->no_hook && r->rules.count != 0, w, why,
                     sizeof why))
        return true;
    rules_complain(&r->rules,
                   w->rule < r->rules.count ? &r->rules.origins[w->rule] : &(struct rule_origin){0}, "%s",
                   why);
    return false;
}

/* Space and colon part the entries of LD_PRELOAD. */
static bool append(char *list, size_t room, const char *path)
{
    size_t n = strlen(list);
    if (strpbrk(path, " :") != NULL) {
        tell("%s: a path with a blank or a colon cannot be preloaded", path);
        return false;
    }
    return (size_t)snprintf(list + n, room - n, "%s%s", n != 0 ? ":" : "", path) < room - n;
}

/* Wrappers, presets, the runtime, and what was to be preloaded anyway: in this order. */
static bool set_environment(struct request *r)
{
    static char list[16 * PLACE_MAX];
    char path[PLACE_MAX], file[128];
    struct wrapper w = {0};
    int ours = 1;
    if (r->rules.count != 0) {
        bool good = make(r, &w) && place_wrapper(&w, path);
        free(w.bytes);
        if (!good || !append(list, sizeof list, path))
            return false;
        ours++;
    }
    for (size_t i = 0; i < r->rules.npresets; i++, ours++) {
        snprintf(file, sizeof file, "libswrcache-%.80s.so", r->rules.presets[i]);
        if (!place_library(file, path) || !append(list, sizeof list, path))
            return false;
    }
    if (!place_library("libswrcache.so.0", path) || !append(list, sizeof list, path))
        return false;
    const char *old = getenv("LD_PRELOAD");
    size_t n = strlen(list);
    if (old != NULL && old[0] != 0 &&
        (size_t)snprintf(list + n, sizeof list - n, ":%s", old) >= sizeof list - n) {
        tell("LD_PRELOAD is too long");
        return false;
    }
    char count[16];
    snprintf(count, sizeof count, "%d", ours);
    return setenv("LD_PRELOAD", list, 1) == 0 &&
           (!r->no_children || setenv("SWR_NO_CHILDREN", count, 1) == 0) &&
           (r->rules.settings == NULL || setenv("SWR_FILE_SETTINGS", r->rules.settings, 1) == 0) &&
           (r->mode == NULL || setenv("SWR_MODE", r->mode, 1) == 0) &&
           (r->only == NULL || setenv("SWR_ONLY", r->only, 1) == 0);
}

/* Rules that this program's files already contradict are told and left out. False: nothing is to be started.
 */
static bool check_rules(struct request *r, const char *program)
{
    char why[512];
    struct reach reach;
    size_t kept = 0;
    bool known = reach_start(&reach, program, why, sizeof why);
    bool good = r->offer.nlibraries == 0 || offer_rules(&r->offer, &r->rules, &reach);
    for (size_t i = 0; known && i < r->rules.count; i++) {
        if (reach_nothing(&reach, &r->rules.list[i], why, sizeof why)) {
            /* It is no mistake of the rule, and the program may run; but nobody is to wait for what it
             * brings. */
            tell("%s: nothing is cached: %s", r->rules.list[i].name, why);
            r->rules.list[kept] = r->rules.list[i];
            r->rules.origins[kept++] = r->rules.origins[i];
        } else if (reach_rule(&reach, &r->rules.list[i], why, sizeof why, NULL)) {
            r->rules.list[kept] = r->rules.list[i];
            r->rules.origins[kept++] = r->rules.origins[i];
        } else {
            rules_complain(&r->rules, &r->rules.origins[i], "%s", why);
        }
    }
    if (known)
        r->rules.count = kept;
    reach_end(&reach);
    return good;
}

/* STATUS_DONE: all is set up for the program to be started in this environment. */
static int prepare(struct request *r)
{
    char path[PLACE_MAX];
    if (r->program[0] == NULL)
        return usage_error("which program? write swrctl %s [options] -- PROGRAM ARGUMENTS", r->subcommand);
    /* A mode, as advise has one, is also of what the program itself has annotated. */
    if (r->rules.count == 0 && r->rules.npresets == 0 && r->rules.nsettings == 0 && r->mode == NULL &&
        r->rules.wrong == 0)
        return usage_error("nothing to cache; say --wrap DECLARATION, --config FILE or --preset NAME");
    if (!program_find(r->program[0], path, sizeof path)) {
        int error = errno;
        tell("%s: %s", r->program[0], strerror(error));
        return error == EACCES ? NOT_EXECUTABLE : NOT_FOUND;
    }
    const char *why = program_refusal(path, sizeof path);
    if (why != NULL) {
        tell("nothing can be wrapped in %s: %s", path, why);
        return r->force ? STATUS_DONE : STATUS_FAILED;
    }
    const char *linker = program_other_libc(path);
    if (linker != NULL) {
        /* Not refused: whoever wraps all his programs has them all run. */
        tell("nothing is cached in %s: it is of another libc (%s) than this library", path, linker);
        return STATUS_DONE;
    }
    return !check_rules(r, path) || (r->rules.wrong != 0 && !r->force) || !set_environment(r) ? STATUS_FAILED
                                                                                              : STATUS_DONE;
}

static int start(struct request *r)
{
    execvp(r->program[0], r->program);
    tell("%s: %s", r->program[0], strerror(errno));
    return NOT_EXECUTABLE;
}

static int run(struct request *r)
{
    int result = prepare(r);
    return result == STATUS_DONE ? start(r) : result;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static volatile sig_atomic_t child;

/* Services are ended by such signals: the program is, and what it has shown until then is told. */
static void hand_on(int number)
{
    if (child > 0)
        kill((pid_t)child, number);
}

/* A terminal sends its own signals to the program too: those are only survived. */
static pid_t start_child(struct request *r)
{
    static const int handed[] = {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        _exit(start(r));
    }
    child = pid;
    for (size_t i = 0; i < sizeof handed / sizeof *handed; i++)
        sigaction(handed[i], &(struct sigaction){.sa_handler = hand_on}, NULL);
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return pid;
}

/* Runs it uncached and says what caching would have brought; the program's own status. */
static int advise(struct request *r)
{
    char directory[] = "/tmp/swrcache-advise-XXXXXX";
    int status = 0;
    r->mode = "observe";
    int result = prepare(r);
    if (result != STATUS_DONE)
        return result;
    /* Programs that root starts become others, and start further ones: those too leave their file here. */
    if (mkdtemp(directory) == NULL || (geteuid() == 0 && chmod(directory, S_ISVTX | 0733) != 0) ||
        setenv("SWR_OBSERVE", directory, 1) != 0) {
        tell("%s: %s", directory, strerror(errno));
        return STATUS_FAILED;
    }
    uint64_t began = now_ns();
    pid_t pid = start_child(r);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (pid > 0)
        offer_report(&r->offer);
    if (pid > 0)
        advise_report(directory, &r->rules, r->offer.nlibraries != 0 || r->rules.npresets != 0,
                      now_ns() - began);
    advise_remove(directory);
    return pid < 0 ? STATUS_FAILED : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int wrap(struct request *r)
{
    struct wrapper w = {0};
    if (r->program[0] != NULL || r->output == NULL || r->rules.count == 0)
        return usage_error("write swrctl wrap --output FILE --wrap DECLARATION...");
    if (r->rules.npresets != 0 || r->rules.nsettings != 0) {
        tell("the object holds wrapped functions alone: preload a preset from a file of its own, as "
             "libswrcache-names.so, and put what is set for regions and functions into SWR_SETTINGS%s",
             r->force ? "" : "; --force leaves them out");
        if (!r->force)
            return STATUS_FAILED;
    }
    if (!make(r, &w))
        return STATUS_FAILED;
    FILE *file = fopen(r->output, "we");
    bool whole = file != NULL && fwrite(w.bytes, 1, w.len, file) == w.len;
    if (file == NULL || fclose(file) != 0 || !whole) {
        tell("%s: %s", r->output, strerror(errno));
        whole = false;
    }
    free(w.bytes);
    return whole ? STATUS_DONE : STATUS_FAILED;
}

static int with_rules(struct invocation *in, int (*act)(struct request *))
{
    struct request r = {.subcommand = in->subcommand, .machine = machine_here};
    rules_start(&r.rules);
    int result = request_read(&r, in);
    if (result == STATUS_DONE && r.rules.wrong != 0 && !r.force)
        result = STATUS_USAGE;
    if (result == STATUS_DONE && r.help)
        request_help(in);
    else if (result == STATUS_DONE)
        result = act(&r);
    rules_free(&r.rules);
    offer_free(&r.offer);
    return result;
}

int subcommand_run(struct invocation *in)
{
    return with_rules(in, run);
}

int subcommand_advise(struct invocation *in)
{
    return with_rules(in, advise);
}

int subcommand_wrap(struct invocation *in)
{
    return with_rules(in, wrap);
}
