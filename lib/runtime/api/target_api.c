#include "target_api.h"
#include "runtime/verb/batch_note.h"
#include "runtime/verb/format.h"
#include "runtime/verb/relatives.h"
#include "runtime/verb/target_check.h"
#include "runtime/cache/audit.h"
#include "runtime/registry/door.h"
#include "runtime/registry/listener.h"
#include "runtime/setting/option.h"

#include <stdio.h>
#include <string.h>

/* Not on the stack: a thread may have little of it. */
struct texts {
    char text[TARGET_TEXT_MAX], name[TARGET_NAME_MAX + 1], why[256];
};

/* Noted for a commit, or done, here and by the relatives. */
static size_t run(enum swrcache_operation operation, const char *text, bool noted)
{
    struct announcement a = {0};
    size_t matched = apply_as_text(operation, text, noted);
    if (!noted)
        announce_text(&a, operation, text, NULL);
    announce(&a);
    return matched;
}

/* Nobody can tell what is meant: rather too much than a value that should be gone. */
static size_t without_memory(void)
{
    return run(SWRCACHE_OP_INVALIDATE, "all", false);
}

static size_t verb(struct texts *s, enum swrcache_operation operation, const char *format, va_list args)
{
    enum format_result formed =
        s != NULL ? format_target(s->text, sizeof s->text, format, args, s->why, sizeof s->why)
                  : FORMAT_NO_MEMORY;
    if (formed == FORMAT_NO_MEMORY)
        return without_memory();
    if (formed == FORMAT_WHOLE)
        option_complain("%.150s: all of %.40s is meant", s->why, s->text);
    if (formed != FORMAT_WRONG)
        return run(operation, s->text, batch_note(operation, s->text));
    option_complain("%s", s->why);
    return 0;
}

size_t target_verb(enum swrcache_operation operation, const char *format, va_list args)
{
    struct visit visit;
    if (!door_enter(&visit))
        return 0;
    target_check_run();
    struct texts *texts = os_alloc(sizeof *texts);
    size_t matched = verb(texts, operation, format, args);
    os_free(texts);
    door_leave(&visit);
    return matched;
}

static size_t emit(struct texts *s, const char *format, va_list args)
{
    if (!format_name(s->name, sizeof s->name, format, args, s->why, sizeof s->why)) {
        option_complain("an event's name: %s", s->why);
        return 0;
    }
    size_t len = (size_t)sprintf(s->text, "event:");
    for (const char *at = s->name; *at != 0; at++) {
        if (*at == '\\' || *at == ' ')
            s->text[len++] = '\\';
        s->text[len++] = *at;
    }
    s->text[len] = 0;
    return run(SWRCACHE_OP_INVALIDATE, s->text, batch_note(SWRCACHE_OP_INVALIDATE, s->text));
}

size_t target_emit(const char *format, va_list args)
{
    struct visit visit;
    if (!door_enter(&visit))
        return 0;
    struct texts *texts = os_alloc(sizeof *texts);
    size_t matched = texts != NULL ? emit(texts, format, args) : without_memory();
    os_free(texts);
    door_leave(&visit);
    return matched;
}
