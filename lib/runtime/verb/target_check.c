#include "target_check.h"
#include "format.h"
#include "runtime/registry/function.h"
#include "runtime/setting/configured.h"
#include "runtime/setting/option.h"
#include "core/target.h"
#include "base/lock.h"

#include <stdio.h>
#include <string.h>

struct expected {
    struct expected *next;
    bool told;
    const char *writer, *format; /* copies: the object that has them may be unloaded */
};

LOCK(target_check); /* everything here */
static struct expected *all;
static uint32_t targets;

/* target_check_lock held. An object that is loaded anew says it again. */
static struct expected *find(const char *writer, const char *format)
{
    struct expected *e = all;
    while (e != NULL && (strcmp(e->writer, writer) != 0 || strcmp(e->format, format) != 0))
        e = e->next;
    return e;
}

void target_check_add(const char *writer, const char *format)
{
    size_t name = strlen(writer) + 1, len = strlen(format) + 1;
    struct expected *e = os_zalloc(sizeof *e + name + len);
    if (e == NULL)
        return;
    e->writer = memcpy(e + 1, writer, name);
    e->format = memcpy((char *)(e + 1) + name, format, len);
    lock_take(&target_check_lock);
    bool anew = find(writer, format) == NULL;
    if (anew) {
        e->next = all;
        all = e;
        targets++;
    }
    lock_give(&target_check_lock);
    if (!anew)
        os_free(e);
}

bool target_check_is_writer(const char *name)
{
    bool found = false;
    lock_take(&target_check_lock);
    for (const struct expected *e = all; e != NULL && !found; e = e->next)
        found = strcmp(e->writer, name) == 0;
    lock_give(&target_check_lock);
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

/* Whether what the writer would name can be a target of the function at all; else `why` says what is wrong.
 */
static bool possible(const char *format, size_t len, char *why, size_t room)
{
    struct target *t = os_alloc(sizeof *t + TARGET_TEXT_MAX);
    char *text = (char *)(t + 1);
    bool good = t == NULL ||
                (format_sample(text, TARGET_TEXT_MAX, format, why, room) && target_parse(t, text, why, room));
    struct function *f;
    for (uint32_t at = 0; good && t != NULL && len != 0 && (f = function_next(&at)) != NULL;
         function_release(f))
        if (strcmp(f->site->name, t->name) == 0)
            good = target_fits(t, &f->shape, why, room);
    os_free(t);
    return good;
}

static bool known(const char *name, size_t len)
{
    bool found = false;
    struct function *f;
    for (uint32_t at = 0; !found && (f = function_next(&at)) != NULL; function_release(f))
        found = strlen(f->site->name) == len && memcmp(f->site->name, name, len) == 0;
    return found;
}

void target_check_run(void)
{
    static uint32_t seen; /* functions and targets when it was checked last */
    lock_take(&target_check_lock);
    uint32_t now = function_made() + targets;
    if (now == seen) {
        lock_give(&target_check_lock);
        return;
    }
    seen = now;
    const struct configured *at = NULL;
    for (const char *name; (name = configured_function(&at)) != NULL;)
        if (!known(name, strlen(name)))
            option_complain("settings for %.100s: there is no cached function of that name", name);
    for (struct expected *e = all; e != NULL; e = e->next) {
        size_t len = function_in(e->format);
        char why[256];
        if (e->told)
            continue;
        if (len != 0 && !known(e->format, len))
            snprintf(why, sizeof why, "there is no cached function %.*s", (int)len, e->format);
        else if (possible(e->format, len, why, sizeof why))
            continue;
        e->told = true;
        option_complain("%.60s: its target \"%.60s\" can match nothing: %s", e->writer, e->format, why);
    }
    lock_give(&target_check_lock);
}
