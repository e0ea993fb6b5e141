#include "target_api.h"
#include "runtime/verb/batch_note.h"
#include "runtime/verb/format.h"
#include "runtime/verb/target_check.h"
#include "runtime/cache/audit.h"
#include "runtime/registry/door.h"
#include "runtime/registry/listener.h"
#include "runtime/setting/option.h"

#include <stdio.h>
#include <string.h>

size_t target_verb(enum swrcache_operation operation, const char *format, va_list args)
{
    char text[TARGET_TEXT_MAX], why[256];
    struct visit visit;
    size_t matched = 0;
    if (!door_enter(&visit))
        return 0;
    target_check_run();
    enum format_result formed = format_target(text, sizeof text, format, args, why, sizeof why);
    if (formed == FORMAT_WHOLE)
        option_complain("%.150s: all of %.40s is meant", why, text); /* rather too much than too little */
    if (formed != FORMAT_WRONG)
        matched = apply_as_text(operation, text, batch_note(operation, text));
    else
        option_complain("%s", why);
    door_leave(&visit);
    return matched;
}

size_t target_emit(const char *format, va_list args)
{
    char text[TARGET_TEXT_MAX] = "event:", name[TARGET_NAME_MAX + 1], why[256];
    struct visit visit;
    size_t matched = 0, len = strlen(text);
    if (!door_enter(&visit))
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
    door_leave(&visit);
    return matched;
}
