#include "expect.h"
#include "function.h"
#include "given.h"
#include "option.h"
#include "base/lock.h"

#include <string.h>

struct expected {
    struct expected *next;
    bool told;
    const char *writer, *format; /* the program's own, constant */
};

static struct lock expected_lock; /* everything here */
static struct expected *all;

void expect_target(const char *writer, const char *format)
{
    struct expected *e = os_zalloc(sizeof *e);
    if (e == NULL)
        return;
    e->writer = writer;
    e->format = format;
    lock_take(&expected_lock);
    e->next = all;
    all = e;
    lock_give(&expected_lock);
}

bool expect_writer(const char *name)
{
    bool found = false;
    lock_take(&expected_lock);
    for (const struct expected *e = all; e != NULL && !found; e = e->next)
        found = strcmp(e->writer, name) == 0;
    lock_give(&expected_lock);
    return found;
}

/* The name of a function, if the target is one of a function and the name is not made up at run time. */
static size_t function_in(const char *format)
{
    size_t len = strcspn(format, "(% ");
    if (strchr(format, ':') != NULL && strcspn(format, ":") <= len)
        return 0;
    if (format[len] == '%' || (len == 3 && memcmp(format, "all", 3) == 0))
        return 0;
    return len;
}

static bool known(const char *name, size_t len)
{
    for (uint32_t i = 0; i < function_count(); i++) {
        const struct function *f = function_at(i);
        if (f != NULL && strlen(f->site->name) == len && memcmp(f->site->name, name, len) == 0)
            return true;
    }
    return false;
}

void expect_check(void)
{
    lock_take(&expected_lock);
    const struct given *at = NULL;
    for (const char *name; (name = given_function(&at)) != NULL;)
        if (!known(name, strlen(name)))
            option_complain("settings for %.100s: there is no cached function of that name", name);
    for (struct expected *e = all; e != NULL; e = e->next) {
        size_t len = function_in(e->format);
        if (e->told || len == 0 || known(e->format, len))
            continue;
        e->told = true;
        option_complain("%s: its target \"%s\" can match nothing: there is no cached function %.*s",
                        e->writer, e->format, (int)len, e->format);
    }
    lock_give(&expected_lock);
}

void expect_fork_prepare(void)
{
    lock_take(&expected_lock);
}

void expect_fork_release(void)
{
    lock_give(&expected_lock);
}
