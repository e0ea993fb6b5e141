#include "region_api.h"
#include "runtime/cache/cache.h"
#include "runtime/cache/retune.h"
#include "runtime/registry/door.h"
#include "runtime/registry/listener.h"
#include "runtime/registry/mode.h"
#include "runtime/registry/resolve.h"
#include "runtime/setting/option.h"
#include "core/target.h"

#include <ctype.h>
#include <string.h>

/* Names, functions and versions are one function's own; a function's address may go with its object. */
static void complain_own(const char *name, const struct swrcache_policy *p)
{
    const char *field = p->region != NULL              ? "region"
                        : p->tags != NULL              ? "tags"
                        : p->version != SWRCACHE_UNSET ? "version"
                        : p->version_of != NULL        ? "version_of"
                        : p->failed != NULL            ? "failed"
                        : p->unless != NULL            ? "unless"
                        : p->key != NULL               ? "key"
                        : p->codec != NULL             ? "codec"
                                                       : NULL;
    if (field != NULL)
        option_complain("region \"%.80s\": .%s is not handed down: write it at each function; ignored", name,
                        field);
}

void region_policy(const char *name, const struct swrcache_policy *policy, size_t policy_size)
{
    struct swrcache_policy p = {0};
    struct visit visit;
    if (!door_enter(&visit))
        return;
    struct region *r = region_of(name, true);
    if (r == NULL || policy_size < SWRCACHE_POLICY_LEAST) {
        option_complain("region \"%.80s\": no such name can be; write letters, digits, _ and - between dots",
                        name != NULL ? name : "");
        door_leave(&visit);
        return;
    }
    memcpy(&p, policy, policy_size < sizeof p ? policy_size : sizeof p);
    struct setting_layer said = {0};
    setting_from_policy(&said, &p, name);
    retune_begin();
    setting_change(&r->policy, &said, 0);
    region_choose(r, &p);
    complain_own(name, &p);
    listener_add(r, p.invalidate_on, SWRCACHE_OP_INVALIDATE);
    listener_add(r, p.expire_on, SWRCACHE_OP_EXPIRE);
    region_retune(r);
    retune_end();
    door_leave(&visit);
}

bool region_on(const char *name, const char *event, enum swrcache_operation operation)
{
    struct visit visit;
    if (!door_enter(&visit))
        return false;
    struct region *r = region_of(name, true);
    if (r == NULL)
        option_complain("region \"%.80s\": no such name can be; write letters, digits, _ and - between dots",
                        name != NULL ? name : "");
    bool named = event != NULL && event[strspn(event, " ")] != 0;
    if (r != NULL && !named)
        option_complain("region \"%s\": which event? its name is empty", name);
    bool listens = r != NULL && named && listener_add(r, event, operation);
    door_leave(&visit);
    return listens;
}
