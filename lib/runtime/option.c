#define _GNU_SOURCE
#include "option.h"
#include "mode.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind { FLAG, COUNT, SIZE, TIME, TEXT };

static const struct {
    const char *name;
    enum kind kind;
    uint64_t value;
} table[OPTIONS] = {
#define OPTION(name, kind, value, help) {#name, kind, value},
#include "option.def"
#undef OPTION
};

enum { COMPLAINTS = 64, COMPLAINT_LEN = 200 };

static uint64_t numbers[OPTIONS];
static const char *texts[OPTIONS];
static char complaints[COMPLAINTS][COMPLAINT_LEN]; /* complaint_lock */
static _Atomic uint32_t complained;
static struct lock complaint_lock;

void option_complain(const char *format, ...)
{
    int saved = errno;
    struct cancel cancel;
    /* The caller may hold locks: the file's system calls must not be where its thread is cancelled. */
    cancel_off(&cancel);
    char line[COMPLAINT_LEN];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    /* A name from elsewhere may hold anything; a complaint is one line. */
    for (char *at = line; *at != 0; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    lock_take(&complaint_lock);
    uint32_t n = atomic_load(&complained), same = 0;
    while (same < n && strcmp(complaints[same], line) != 0)
        same++;
    bool said = same == n && n < COMPLAINTS;
    if (said) {
        if (n + 1 == COMPLAINTS)
            strcpy(line, "there is more to complain of; it is left out");
        strcpy(complaints[n], line);
        atomic_store(&complained, n + 1);
    }
    lock_give(&complaint_lock);
    /* What is said again and again is said once. */
    if (said && texts[OPTION_SWR_LOG] != NULL) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, texts[OPTION_SWR_LOG],
                              O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
        if (fd >= 0 && fd <= 2) {
            int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
            syscall(SYS_close, fd);
            fd = high;
        }
        if (fd >= 0) {
            strcat(line, "\n");
            syscall(SYS_write, fd, line, strlen(line));
            syscall(SYS_close, fd);
        }
    }
    cancel_back(&cancel);
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

static bool one_of(int o, const char *text)
{
    enum function_mode kind;
    return o == OPTION_SWR_CLOCK ? strcmp(text, "manual") == 0
                                 : o != OPTION_SWR_MODE || mode_named(text, &kind);
}

void option_read(void)
{
    texts[OPTION_SWR_LOG] = secure_getenv("SWR_LOG");
    for (int o = 0; o < OPTIONS; o++) {
        const char *text = secure_getenv(table[o].name);
        uint64_t n = table[o].value;
        bool good = true;
        numbers[o] = n;
        if (text == NULL)
            continue;
        switch (table[o].kind) {
        case TEXT:
            good = one_of(o, text);
            texts[o] = good ? text : NULL;
            break;
        case FLAG:
            good = (text[0] == '0' || text[0] == '1') && text[1] == 0;
            n = text[0] == '1';
            break;
        case COUNT:
            good = unit_count(text, &n);
            break;
        case SIZE:
            good = unit_size(text, &n);
            break;
        case TIME: /* the text is what its preset reads */
            good = unit_duration(text, &n) && (n == CLOCK_NEVER || n % NS_PER_MS == 0);
            texts[o] = good ? text : NULL;
            break;
        }
        if (good)
            numbers[o] = n;
        else
            option_complain("%s=%.80s: not %s; ignored", table[o].name, text,
                            table[o].kind == FLAG    ? "0 or 1"
                            : table[o].kind == COUNT ? "a whole number"
                            : table[o].kind == SIZE  ? "a size like 64M or 1G"
                            : table[o].kind == TIME  ? "a time like 250ms, 20s, 5m, 1h or inf"
                            : o == OPTION_SWR_MODE   ? "on, off, shadow or observe"
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
