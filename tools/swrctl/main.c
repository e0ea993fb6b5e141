#define _GNU_SOURCE
/*
 * swrctl - looks into processes with cached functions and steers them.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "client.h"

enum { REQUEST_MAX = WIRE_IN_MAX, COLUMNS = 16, RECORD_CELLS = 16 };

static const char usage_text[] =
    "usage: swrctl [-p PID|NAME | -a] [--json] COMMAND ...\n"
    "\n"
    "  ps                                processes of this user with cached functions\n"
    "  functions [-v]                    every function: mode, counters; -v: settings and where they come from\n"
    "  inspect [FUNCTION] [--match GLOB] [--sort age|hits|size|cost] [--limit N]\n"
    "                                    entries: key, state, age, hits, size, value\n"
    "  dump                              all entries, one JSON object a line\n"
    "  explain CALL                      what the next call gets, and why\n"
    "  invalidate TARGET [--dry-run]     the old values are never served again\n"
    "  expire TARGET [--dry-run]         the old values are stale from now on\n"
    "  refresh TARGET [--dry-run]        computes them again in the background\n"
    "  set FUNCTION NAME=VALUE...        ttl stale stale_if_error negative wait keep_warm retry retry_max\n"
    "                                    jitter_pct max_entries max_bytes\n"
    "  mode FUNCTION on|off              off: calls go straight to the function\n"
    "  stats                             sums, options, complaints, the refresh pool\n"
    "  inflight                          computations under way\n"
    "\n"
    "TARGET: all, quote, 'quote(\"ACME\", 3)', 'quote(\"AC*\", *)'\n"
    "  -p PID|NAME   that process, or those of that name\n"
    "  -a            all of them; with neither, the only one\n"
    "  --json        one JSON object a line\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 nothing matched, 4 no such process.\n";

struct view {
    bool json, many, verbose;
    size_t records;
    const char *const *columns; /* NULL ends; NULL itself: name and value a line */
};

static struct process processes[PROCESSES_MAX];
static char request[REQUEST_MAX];
static struct wire_line status_line;

static const char *const ps_columns[] = {"pid", "program", "functions", "entries", "bytes", "hit_pct", NULL};
static const char *const function_columns[] = {"name", "mode", "hits", "stale_hits", "misses", "coalesced", "bypasses",
                                               "refreshes", "failures", "entries", "bytes", NULL};
static const char *const entry_columns[] = {"key", "state", "age_ms", "left_ms", "hits", "size", "cost_us", "value", NULL};
static const char *const flight_columns[] = {"key", "kind", "age_ms", "tid", "fenced", "expired", NULL};

static int usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int usage(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("swrctl: ", stderr);
    vfprintf(stderr, format, args);
    fputs("; swrctl --help shows the commands\n", stderr);
    va_end(args);
    return STATUS_USAGE;
}

/* Fields that are text even if they look like numbers. */
static bool is_text(const char *name)
{
    static const char *const names[] = {"key", "value", "program", "name", "function", "nearest", "stored", "asked", "why",
                                        "differs", "file", "complaint", "mode", "SWR_SOCKET_DIR", "SWR_LOG", "SWR_CLOCK"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static json_t *json_of(const char *name, const char *value)
{
    char *end;
    if (!is_text(name)) {
        if (strcmp(value, "inf") == 0)
            return json_null();
        errno = 0;
        unsigned long long n = strtoull(value, &end, 10);
        if (isdigit((unsigned char)value[0]) && *end == 0 && errno == 0)
            return json_integer(n > (unsigned long long)INT64_MAX ? INT64_MAX : (json_int_t)n);
        if (strcmp(name, "secret") == 0 || strcmp(name, "dry") == 0)
            return json_boolean(value[0] == '1');
    }
    json_t *text = json_string(value);
    if (text != NULL)
        return text;
    /* Not UTF-8: each foreign byte as a question mark. */
    char *copy = strdup(value);
    if (copy == NULL)
        return json_null();
    for (char *s = copy; *s != 0; s++)
        if ((unsigned char)*s >= 0x80)
            *s = '?';
    text = json_string(copy);
    free(copy);
    return text;
}

static void show_json(const struct process *p, const struct wire_line *record)
{
    json_t *object = json_object();
    json_object_set_new(object, "pid", json_integer(p->pid));
    for (uint32_t i = 0; i < record->nfields; i++)
        json_object_set_new(object, record->fields[i].name, json_of(record->fields[i].name, record->fields[i].value));
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
}

static int width_of(const char *column)
{
    return strcmp(column, "key") == 0 ? 32 : strcmp(column, "name") == 0 || strcmp(column, "program") == 0 ? 20 : 10;
}

/* What a terminal might obey is shown as a question mark. */
static void show_text(const char *text, int width)
{
    int n = 0;
    for (; *text != 0; text++, n++)
        putchar((unsigned char)*text < 0x20 || *text == 0x7F ? '?' : *text);
    for (; n < width; n++)
        putchar(' ');
}

static void show(const struct process *p, struct wire_line *record, void *cookie)
{
    struct view *v = cookie;
    v->records++;
    if (v->json) {
        show_json(p, record);
        return;
    }
    if (v->columns == NULL || v->verbose) {
        if (v->many)
            printf("pid %ld\n", (long)p->pid);
        for (uint32_t i = 0; i < record->nfields; i++) {
            show_text(record->fields[i].name, 22);
            putchar(' ');
            show_text(record->fields[i].value, 0);
            putchar('\n');
        }
        if (v->verbose)
            putchar('\n');
        return;
    }
    if (v->records == 1) {
        if (v->many && v->columns != ps_columns)
            printf("%-8s ", "PID");
        for (size_t i = 0; v->columns[i] != NULL; i++) {
            char head[32];
            snprintf(head, sizeof head, "%s", v->columns[i]);
            for (char *s = head; *s != 0; s++)
                *s = *s == '_' ? ' ' : (char)toupper((unsigned char)*s);
            show_text(head, v->columns[i + 1] != NULL ? width_of(v->columns[i]) : 0);
            putchar(v->columns[i + 1] != NULL ? ' ' : '\n');
        }
    }
    if (v->many && v->columns != ps_columns)
        printf("%-8ld ", (long)p->pid);
    for (size_t i = 0; v->columns[i] != NULL; i++) {
        const char *value = wire_get(record, v->columns[i]);
        show_text(value != NULL ? value : "-", v->columns[i + 1] != NULL ? width_of(v->columns[i]) : 0);
        putchar(v->columns[i + 1] != NULL ? ' ' : '\n');
    }
}

/* The request being built; it begins with its verb. */
static struct wire_buffer building;

static void *no_growth(void *old, size_t size)
{
    (void)old;
    (void)size;
    return NULL;
}

static void request_start(const char *verb)
{
    building = (struct wire_buffer){.data = request, .room = sizeof request - 1, .max = sizeof request - 1, .grow = no_growth};
    wire_text(&building, verb);
}

static bool request_finish(void)
{
    if (building.full || memchr(request, '\n', building.len) != NULL)
        return false;
    request[building.len] = '\n';
    request[building.len + 1] = 0;
    return true;
}

/* Which processes are meant. */
static int choose(const char *wanted, bool all, size_t *count)
{
    size_t n = client_processes(processes, PROCESSES_MAX, all);
    *count = 0;
    if (wanted != NULL) {
        char *end;
        long pid = strtol(wanted, &end, 10);
        bool number = *wanted != 0 && *end == 0;
        for (size_t i = 0; i < n; i++)
            if (number ? processes[i].pid == pid : strcmp(processes[i].program, wanted) == 0)
                processes[(*count)++] = processes[i];
        if (*count > 0)
            return STATUS_DONE;
        if (number && pid > 0 && getpgid((pid_t)pid) >= 0)
            fprintf(stderr, "swrctl: process %ld has no control socket here: it made no cached call yet, has SWR_CONTROL=0, another user or another SWR_SOCKET_DIR\n", pid);
        else
            fprintf(stderr, "swrctl: no process %s with cached functions; swrctl ps lists them\n", wanted);
        return STATUS_NO_PROCESS;
    }
    if (n == 0) {
        char directory[128];
        if (!wire_directory(directory, sizeof directory, getenv("SWR_SOCKET_DIR")))
            snprintf(directory, sizeof directory, "no usable directory");
        fprintf(stderr, "swrctl: no process with cached functions (looked in %s)\n", directory);
        return STATUS_NO_PROCESS;
    }
    if (n > 1 && !all) {
        fprintf(stderr, "swrctl: %zu processes have cached functions; say which with -p, or -a for all:\n", n);
        for (size_t i = 0; i < n; i++)
            fprintf(stderr, "  %ld %s\n", (long)processes[i].pid, processes[i].program);
        return STATUS_USAGE;
    }
    *count = n;
    return STATUS_DONE;
}

static unsigned long long number_of(const char *name)
{
    const char *text = wire_get(&status_line, name);
    return text != NULL ? strtoull(text, NULL, 10) : 0;
}

/* inspect in pages: all of them however many. */
static bool ask_pages(const struct process *p, struct view *v, const char *function, const char *match, const char *sort,
                      unsigned long long limit)
{
    unsigned long long from = 0, skip = 0, left = limit;
    for (;;) {
        size_t before = v->records;
        request_start("inspect");
        if (function != NULL)
            wire_field(&building, "function", function);
        if (match != NULL)
            wire_field(&building, "match", match);
        if (sort != NULL)
            wire_field(&building, "sort", sort);
        if (left != 0)
            wire_number(&building, "limit", left);
        wire_number(&building, "from", from);
        wire_number(&building, "skip", skip);
        if (!request_finish()) {
            fputs("swrctl: the request is too long\n", stderr);
            return false;
        }
        if (!client_ask(p, request, show, v, &status_line))
            return false;
        size_t got = v->records - before;
        if (limit != 0 && (left -= got < left ? got : left) == 0)
            return true;
        if (wire_get(&status_line, "next") == NULL || got == 0)
            return true;
        from = number_of("next");
        skip = number_of("next_skip");
    }
}

int main(int argc, char **argv)
{
    const char *wanted = NULL, *command = NULL, *match = NULL, *sort = NULL, *operands[64];
    bool all = false, dry = false, no_more = false;
    struct view v = {0};
    unsigned long long limit = 0;
    int n = 0, result = STATUS_DONE;
    size_t count;
    char *end;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        const char **value = NULL;
        const char *limit_text = NULL;
        if (no_more || a[0] != '-' || a[1] == 0) {
            if (command == NULL)
                command = a;
            else if (n < 64)
                operands[n++] = a;
            continue;
        }
        if (strcmp(a, "--") == 0)
            no_more = true;
        else if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
            fputs(usage_text, stdout);
            return STATUS_DONE;
        } else if (strcmp(a, "-a") == 0)
            all = true;
        else if (strcmp(a, "-v") == 0)
            v.verbose = true;
        else if (strcmp(a, "--json") == 0)
            v.json = true;
        else if (strcmp(a, "--dry-run") == 0)
            dry = true;
        else if (strcmp(a, "-p") == 0)
            value = &wanted;
        else if (strcmp(a, "--match") == 0)
            value = &match;
        else if (strcmp(a, "--sort") == 0)
            value = &sort;
        else if (strcmp(a, "--limit") == 0)
            value = &limit_text;
        else
            return usage("no option %s", a);
        if (value != NULL) {
            if (++i == argc)
                return usage("%s needs a value", a);
            *value = argv[i];
        }
        if (limit_text != NULL) {
            limit = strtoull(limit_text, &end, 10);
            if (!isdigit((unsigned char)limit_text[0]) || *end != 0 || limit == 0)
                return usage("--limit takes a number above 0");
        }
    }
    if (command == NULL)
        return usage("no command");
    if (all && wanted != NULL)
        return usage("-a and -p exclude each other");
    bool verb = strcmp(command, "invalidate") == 0 || strcmp(command, "expire") == 0 || strcmp(command, "refresh") == 0;
    bool inspect = strcmp(command, "inspect") == 0 || strcmp(command, "dump") == 0;
    bool ps = strcmp(command, "ps") == 0, explain = strcmp(command, "explain") == 0;
    bool functions = strcmp(command, "functions") == 0, set = strcmp(command, "set") == 0, mode = strcmp(command, "mode") == 0;
    bool inflight = strcmp(command, "inflight") == 0;
    bool known = verb || inspect || ps || explain || functions || set || mode || inflight || strcmp(command, "stats") == 0;
    if (!known)
        return usage("no command %s", command);
    if (dry && !verb)
        return usage("--dry-run goes with invalidate, expire and refresh");
    if ((match != NULL || sort != NULL || limit != 0) && !inspect)
        return usage("--match, --sort and --limit go with inspect");
    if (v.verbose && !functions)
        return usage("-v goes with functions");
    if (sort != NULL && strcmp(sort, "age") != 0 && strcmp(sort, "hits") != 0 && strcmp(sort, "size") != 0 && strcmp(sort, "cost") != 0)
        return usage("cannot sort by %s; sort by age, hits, size or cost", sort);
    if ((verb || explain) && n != 1)
        return usage("%s takes one %s, quoted for the shell", command, verb ? "TARGET" : "CALL");
    if (set && n < 2)
        return usage("set takes FUNCTION NAME=VALUE...");
    if (mode && (n != 2 || (strcmp(operands[1], "on") != 0 && strcmp(operands[1], "off") != 0)))
        return usage("mode takes FUNCTION and on or off");
    if (!verb && !explain && !set && !mode && n > (inspect ? 1 : 0))
        return usage("%s: %s is too much", command, operands[n - 1]);

    request_start(ps ? "ping" : command);
    if (verb) {
        wire_field(&building, "target", operands[0]);
        if (dry)
            wire_number(&building, "dry", 1);
    } else if (explain) {
        wire_field(&building, "call", operands[0]);
    } else if (mode) {
        wire_field(&building, "function", operands[0]);
        wire_field(&building, "mode", operands[1]);
    } else if (set) {
        wire_field(&building, "function", operands[0]);
        for (int i = 1; i < n; i++) {
            char name[32];
            const char *equal = strchr(operands[i], '=');
            if (equal == NULL || equal == operands[i] || equal - operands[i] >= (ptrdiff_t)sizeof name)
                return usage("%s is not NAME=VALUE", operands[i]);
            snprintf(name, sizeof name, "%.*s", (int)(equal - operands[i]), operands[i]);
            wire_field(&building, name, equal + 1);
        }
    }
    if (!inspect && !request_finish())
        return usage("the request is too long");
    if (strcmp(command, "dump") == 0)
        v.json = true;
    v.columns = ps ? ps_columns : functions ? function_columns : inspect ? entry_columns : inflight ? flight_columns : NULL;

    if (ps && wanted == NULL) {
        count = client_processes(processes, PROCESSES_MAX, false);
    } else {
        result = choose(wanted, all, &count);
        if (result != STATUS_DONE)
            return result;
    }
    v.many = count > 1;
    unsigned long long matched = 0;
    for (size_t i = 0; i < count; i++) {
        bool good = inspect ? ask_pages(&processes[i], &v, n > 0 ? operands[0] : NULL, match, sort, limit)
                            : client_ask(&processes[i], request, show, &v, &status_line);
        if (!good) {
            result = STATUS_FAILED;
            continue;
        }
        if (!verb && !set && !mode)
            continue;
        unsigned long long here = number_of("matched");
        matched += here;
        if (v.json) {
            show_json(&processes[i], &status_line);
        } else if (verb) {
            printf("%s%ld (%s): %s %llu %s\n", dry ? "dry run: " : "", (long)processes[i].pid, processes[i].program, command, here,
                   here == 1 ? "entry" : "entries");
        }
    }
    if (verb && matched == 0 && result == STATUS_DONE) {
        fprintf(stderr, "swrctl: nothing matched %s; swrctl inspect lists the keys\n", operands[0]);
        result = STATUS_NOTHING;
    }
    if (inspect && (n > 0 || match != NULL) && v.records == 0 && result == STATUS_DONE) {
        fputs("swrctl: no entry matched\n", stderr);
        result = STATUS_NOTHING;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("swrctl: standard output");
        return STATUS_FAILED;
    }
    return result;
}
