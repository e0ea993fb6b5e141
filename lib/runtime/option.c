#define _GNU_SOURCE
#include "option.h"
#include "base/clock.h"
#include "base/lock.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum kind { FLAG, COUNT, SIZE, TEXT };

static const struct {
    const char *name;
    enum kind kind;
    uint64_t value;
} table[OPTIONS] = {
#define OPTION(name, kind, value, help) {#name, kind, value},
#include "option.def"
#undef OPTION
};

enum { COMPLAINTS = 32, COMPLAINT_LEN = 200 };

static uint64_t numbers[OPTIONS];
static const char *texts[OPTIONS];
static char complaints[COMPLAINTS][COMPLAINT_LEN]; /* complaint_lock */
static _Atomic uint32_t complained;
static struct lock complaint_lock;

static bool number(const char *text, uint64_t *value, const char **end)
{
    char *stop;
    int saved = errno;
    errno = 0;
    if (!isdigit((unsigned char)*text))
        return false;
    unsigned long long n = strtoull(text, &stop, 10);
    bool good = errno == 0;
    errno = saved;
    *value = n;
    *end = stop;
    return good;
}

bool option_duration(const char *text, uint64_t *ns)
{
    static const struct {
        const char *unit;
        uint64_t ns;
    } units[] = {{"ms", 1000000},      {"s", 1000000000},     {"m", 60000000000},
                 {"h", 3600000000000}, {"d", 86400000000000}, {"us", 1000}};
    const char *end;
    uint64_t n;
    if (strcmp(text, "inf") == 0) {
        *ns = CLOCK_NEVER;
        return true;
    }
    if (!number(text, &n, &end))
        return false;
    if (n == 0 && *end == 0) {
        *ns = 0;
        return true;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].unit) == 0)
            return !__builtin_mul_overflow(n, units[i].ns, ns);
    return false;
}

bool option_size(const char *text, uint64_t *bytes)
{
    const char *end;
    uint64_t n, unit = 1;
    if (strcmp(text, "inf") == 0) {
        *bytes = UINT64_MAX;
        return true;
    }
    if (!number(text, &n, &end))
        return false;
    switch (*end) {
    case 'K':
    case 'k':
        unit = 1 << 10;
        break;
    case 'M':
    case 'm':
        unit = 1 << 20;
        break;
    case 'G':
    case 'g':
        unit = 1 << 30;
        break;
    case 0:
        *bytes = n;
        return true;
    default:
        return false;
    }
    return end[1] == 0 && !__builtin_mul_overflow(n, unit, bytes);
}

void option_complain(const char *format, ...)
{
    int saved = errno, cancel;
    /* The caller may hold locks: the file's system calls must not be where its thread is cancelled. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    char line[COMPLAINT_LEN];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    lock_take(&complaint_lock);
    uint32_t n = atomic_load(&complained);
    if (n < COMPLAINTS) {
        strcpy(complaints[n], line);
        atomic_store(&complained, n + 1);
    }
    lock_give(&complaint_lock);
    if (texts[OPTION_SWR_LOG] != NULL) {
        int fd = open(texts[OPTION_SWR_LOG],
                      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
        if (fd >= 0 && fd <= 2) {
            int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
            close(fd);
            fd = high;
        }
        if (fd >= 0) {
            strcat(line, "\n");
            ssize_t done = write(fd, line, strlen(line));
            (void)done;
            close(fd);
        }
    }
    pthread_setcancelstate(cancel, NULL);
    errno = saved;
}

void option_fork_prepare(void)
{
    lock_take(&complaint_lock);
}

void option_fork_release(void)
{
    lock_give(&complaint_lock);
}

const char *option_complaint(uint32_t i)
{
    return i < atomic_load(&complained) ? complaints[i] : NULL;
}

void option_read(void)
{
    texts[OPTION_SWR_LOG] = secure_getenv("SWR_LOG");
    for (int o = 0; o < OPTIONS; o++) {
        const char *text = secure_getenv(table[o].name), *end = "";
        uint64_t n = table[o].value;
        bool good = true;
        numbers[o] = n;
        if (text == NULL)
            continue;
        switch (table[o].kind) {
        case TEXT:
            texts[o] = text;
            good = o != OPTION_SWR_CLOCK || strcmp(text, "manual") == 0;
            break;
        case FLAG:
            good = (text[0] == '0' || text[0] == '1') && text[1] == 0;
            n = text[0] == '1';
            break;
        case COUNT:
            good = number(text, &n, &end) && *end == 0;
            break;
        case SIZE:
            good = option_size(text, &n);
            break;
        }
        if (good)
            numbers[o] = n;
        else
            option_complain("%s=%.80s: not %s; ignored", table[o].name, text,
                            table[o].kind == FLAG    ? "0 or 1"
                            : table[o].kind == COUNT ? "a whole number"
                            : table[o].kind == SIZE  ? "a size like 64M or 1G"
                                                     : "'manual', the only clock to choose");
    }
}

uint64_t option_number(enum option o)
{
    return numbers[o];
}

const char *option_text(enum option o)
{
    return texts[o];
}
