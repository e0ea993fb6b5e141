#include "emit.h"
#include "verb.h"
#include "runtime/setting/option.h"
#include "core/target.h"

#include <stdio.h>
#include <string.h>

struct emitted emit_event(const char *event, bool dry)
{
    struct emitted reached = {0};
    uint32_t count = function_count();
    struct function **those = os_alloc((count + 1) * sizeof(struct function *));
    size_t n = 0;
    for (uint32_t i = 0; those != NULL && i < count; i++)
        if (function_at(i) != NULL && listener_hears(function_at(i), event, SWRCACHE_OP_INVALIDATE))
            those[n++] = function_at(i);
    reached.functions = n;
    reached.entries = verb_several(SWRCACHE_OP_INVALIDATE, those, n, dry);
    for (uint32_t i = n = 0; those != NULL && i < count; i++)
        if (function_at(i) != NULL && listener_hears(function_at(i), event, SWRCACHE_OP_EXPIRE) &&
            !listener_hears(function_at(i), event, SWRCACHE_OP_INVALIDATE))
            those[n++] = function_at(i);
    reached.functions += n;
    reached.entries += verb_several(SWRCACHE_OP_EXPIRE, those, n, dry);
    os_free(those);
    return reached;
}
