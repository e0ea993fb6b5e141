#include "target_api.h"
#include "batch_note.h"
#include "runtime/verb/format.h"
#include "runtime/verb/target_check.h"
#include "runtime/cache/audit.h"
#include "runtime/registry/listener.h"
#include "runtime/registry/thread.h"
#include "runtime/setting/option.h"
#include "base/alive.h"
#include "base/cancel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The runtime may be entered: not from a signal handler inside it. */
static struct thread *enter(struct cancel *cancel)
{
    struct thread *t = thread_current != NULL ? thread_current : thread_join();
    if (t == NULL || t->busy || alive_dead())
        return NULL;
    cancel_off(cancel);
    t->busy = true;
    return t;
}

static void leave(struct thread *t, const struct cancel *cancel)
{
    t->busy = false;
    cancel_back(cancel);
}

size_t target_verb(enum swrcache_operation operation, const char *format, va_list args)
{
    char text[TARGET_TEXT_MAX], why[256];
    int saved = errno;
    size_t matched = 0;
    struct cancel cancel;
    struct thread *t = enter(&cancel);
    if (t == NULL)
        return 0;
    target_check_run();
    enum format_result formed = format_target(text, sizeof text, format, args, why, sizeof why);
    if (formed == FORMAT_WHOLE)
        option_complain("%.150s: all of %.40s is meant", why, text); /* rather too much than too little */
    if (formed != FORMAT_WRONG)
        matched = apply_as_text(operation, text, batch_note(operation, text));
    else
        option_complain("%s", why);
    leave(t, &cancel);
    errno = saved;
    return matched;
}

size_t target_emit(const char *format, va_list args)
{
    char text[TARGET_TEXT_MAX] = "event:", name[TARGET_NAME_MAX + 1], why[256];
    int saved = errno;
    size_t matched = 0, len = strlen(text);
    struct cancel cancel;
    struct thread *t = enter(&cancel);
    if (t == NULL)
        return 0;
    if (format_name(name, sizeof name, format, args, why, sizeof why)) {
        for (const char *at = name; *at != 0; at++) {
            if (*at == '\\' || *at == ' ')
                text[len++] = '\\';
            text[len++] = *at;
        }
        text[len] = 0;
        matched = apply_as_text(SWRCACHE_OP_INVALIDATE, text, batch_note(SWRCACHE_OP_INVALIDATE, text));
    } else {
        option_complain("an event's name: %s", why);
    }
    leave(t, &cancel);
    errno = saved;
    return matched;
}
