#include "custom_key.h"
#include "runtime/cache/loan.h"
#include "runtime/registry/door.h"
#include "runtime/setting/option.h"

#include <errno.h>
#include <string.h>

static const struct swrcache_param key_param = {.name = "key", .type = "", .kind = SWRCACHE_KIND_BYTES};

bool custom_key_fits(const struct swrcache_key *key, const struct swrcache_site *site)
{
    if (key->nparams != site->nparams)
        return false;
    for (uint32_t i = 0; i < site->nparams; i++)
        if (key->params[i].kind != site->params[i].kind || key->params[i].size != site->params[i].size ||
            key->params[i].cls != site->params[i].cls)
            return false;
    return true;
}

void custom_key_shape(struct function *f)
{
    const struct swrcache_key *key = f->annotated.key;
    f->args = f->shape;
    if (key == NULL)
        return;
    if (!custom_key_fits(key, f->site)) {
        option_complain("%s: its .key was made for other parameters; ignored", f->site->name);
        return;
    }
    f->own_key.make = key->make;
    f->custom_key = &f->own_key;
    f->args.plain = f->shape.plain = KEY_OF_MANY;
    f->args.versioned = false;
    f->shape.params = &key_param;
    f->shape.nparams = 1;
    f->shape.bits = NULL;
}

bool custom_key_make(struct thread *t, struct function *f, const struct swrcache_arg *args,
                     struct custom_key *custom)
{
    int saved = errno;
    size_t room = sizeof custom->bytes, len = f->custom_key->make(args, custom->bytes, room);
    custom->loan = NULL;
    custom->arg = (struct swrcache_arg){custom->bytes, len};
    /* Full to the last byte is too full: printf() ends with a NUL. */
    if (len >= room && len <= UINT32_MAX / 2) {
        room = len + 1;
        door_call(t);
        door_hold(t);
        custom->loan = loan_begin(t, &custom->canary);
        if (custom->loan != NULL)
            loan_besides(custom->loan, os_alloc(room), os_free);
        unsigned char *more = custom->loan != NULL ? custom->loan->what : NULL;
        door_answered(t);
        if (more != NULL)
            custom->arg = (struct swrcache_arg){more, len = f->custom_key->make(args, more, room)};
        else
            room = 0;
    }
    errno = saved;
    return len < room;
}

const struct swrcache_arg *custom_key_args_of(struct thread *t, struct function *f,
                                              const struct swrcache_arg *args, struct custom_key *custom)
{
    if (f->custom_key == NULL)
        return args;
    return custom_key_make(t, f, args, custom) ? &custom->arg : NULL;
}

void custom_key_drop(struct custom_key *custom)
{
    if (custom == NULL || custom->loan == NULL)
        return;
    loan_end(custom->loan);
    custom->loan = NULL;
}

ptrdiff_t custom_key_carried(struct function *f, const struct swrcache_arg *args)
{
    return f->custom_key != NULL ? key_size(&f->args, args) : 0;
}

bool custom_key_carry(struct function *f, const struct swrcache_arg *args, struct entry *e)
{
    if (f->custom_key == NULL)
        return true;
    size_t opaque = key_opaque_size(&f->args);
    return key_encode(&f->args, args, entry_opaque(e) + opaque, entry_opaque_len(e) - opaque) ==
           (ptrdiff_t)(entry_opaque_len(e) - opaque);
}

struct key custom_key_args(struct function *f, struct entry *e)
{
    if (f->custom_key == NULL)
        return entry_key(e);
    size_t opaque = key_opaque_size(&f->args);
    return (struct key){0, entry_opaque_len(e) - opaque, entry_opaque(e) + opaque};
}
