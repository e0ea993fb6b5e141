#include "own.h"
#include "runtime/setting/option.h"

#include <errno.h>
#include <string.h>

static const struct swrcache_param key_param = {.name = "key", .type = "", .kind = SWRCACHE_KIND_BYTES};

static bool fits(const struct swrcache_key *key, const struct swrcache_site *site)
{
    if (key->nparams != site->nparams)
        return false;
    for (uint32_t i = 0; i < site->nparams; i++)
        if (key->params[i].kind != site->params[i].kind || key->params[i].size != site->params[i].size ||
            key->params[i].cls != site->params[i].cls)
            return false;
    return true;
}

void own_key_shape(struct function *f)
{
    const struct swrcache_key *key = f->annotated.key;
    f->args = f->shape;
    if (key == NULL)
        return;
    if (!fits(key, f->site)) {
        option_complain("%s: its .key was made for other parameters; ignored", f->site->name);
        return;
    }
    f->own_key = key;
    f->args.plain = f->shape.plain = KEY_OF_MANY;
    f->args.versioned = false;
    f->shape.params = &key_param;
    f->shape.nparams = 1;
}

bool own_key_make(struct thread *t, struct function *f, const struct swrcache_arg *args, struct own_key *own)
{
    int saved = errno;
    size_t room = sizeof own->bytes, len = f->own_key->make(args, own->bytes, room);
    own->more = NULL;
    own->arg = (struct swrcache_arg){own->bytes, len};
    /* Full to the last byte is too full: printf() ends with a NUL. */
    if (len >= room && len <= UINT32_MAX / 2) {
        room = len + 1;
        struct cancel cancel;
        cancel_off(&cancel);
        t->busy = true;
        own->more = os_alloc(room);
        t->busy = false;
        cancel_back(&cancel);
        if (own->more != NULL)
            own->arg = (struct swrcache_arg){own->more, len = f->own_key->make(args, own->more, room)};
        else
            room = 0;
    }
    errno = saved;
    return len < room;
}

const struct swrcache_arg *own_key_args_of(struct thread *t, struct function *f,
                                           const struct swrcache_arg *args, struct own_key *own)
{
    if (f->own_key == NULL)
        return args;
    return own_key_make(t, f, args, own) ? &own->arg : NULL;
}

void own_key_drop(struct own_key *own)
{
    if (own == NULL || own->more == NULL)
        return;
    os_free(own->more);
    own->more = NULL;
}

ptrdiff_t own_key_carried(struct function *f, const struct swrcache_arg *args)
{
    return f->own_key != NULL ? key_size(&f->args, args) : 0;
}

bool own_key_carry(struct function *f, const struct swrcache_arg *args, struct entry *e)
{
    if (f->own_key == NULL)
        return true;
    size_t opaque = key_opaque_size(&f->args);
    return key_encode(&f->args, args, entry_opaque(e) + opaque, entry_opaque_len(e) - opaque) ==
           (ptrdiff_t)(entry_opaque_len(e) - opaque);
}

struct key own_key_args(struct function *f, struct entry *e)
{
    if (f->own_key == NULL)
        return entry_key(e);
    size_t opaque = key_opaque_size(&f->args);
    return (struct key){0, entry_opaque_len(e) - opaque, entry_opaque(e) + opaque};
}
