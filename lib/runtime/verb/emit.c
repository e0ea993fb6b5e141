#include "emit.h"
#include "verb.h"
#include "runtime/setting/option.h"
#include "core/target.h"

#include <stdio.h>
#include <string.h>

struct emitted emit_event(const char *event, bool dry)
{
    struct emitted reached = {0};
    uint32_t room = function_count(), at = 0;
    struct function **those = os_alloc((room + 1) * sizeof(struct function *)), *f;
    size_t invalidated = 0, expired = 0;
    while (those != NULL && at < room && (f = function_next(&at)) != NULL)
        if (listener_hears(f, event, SWRCACHE_OP_INVALIDATE))
            those[invalidated++] = f;
        else if (listener_hears(f, event, SWRCACHE_OP_EXPIRE))
            those[room - ++expired] = f; /* from the other end */
        else
            function_release(f);
    reached.functions = invalidated + expired;
    reached.entries = verb_several(SWRCACHE_OP_INVALIDATE, those, invalidated, dry);
    if (expired != 0)
        reached.entries += verb_several(SWRCACHE_OP_EXPIRE, those + room - expired, expired, dry);
    while (invalidated > 0)
        function_release(those[--invalidated]);
    while (expired > 0)
        function_release(those[room - expired--]);
    os_free(those);
    return reached;
}
