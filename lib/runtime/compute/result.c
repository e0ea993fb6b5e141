#include "result.h"
#include "custom_key.h"
#include "guard.h"
#include "runtime/cache/master.h"
#include "runtime/registry/door.h"
#include "runtime/setting/option.h"

#include <stdlib.h>
#include <string.h>

static bool nonzero(const struct function *f, const void *result)
{
    const struct swrcache_site *s = f->site;
    const unsigned char *b = result, *mask = bits_mask(&f->bits, s->nparams);
    if (s->result_cls == SWRCACHE_CLASS_FLOAT) {
        if (s->result_size == sizeof(float))
            return *(const float *)result != 0;
        if (s->result_size == sizeof(double))
            return *(const double *)result != 0;
        return *(const long double *)result != 0;
    }
    for (uint32_t i = 0; i < s->result_size; i++)
        if ((mask != NULL ? b[i] & mask[i] : b[i]) != 0)
            return true;
    return false;
}

static bool negative(const struct swrcache_site *s, const void *result)
{
    if (s->result_cls == SWRCACHE_CLASS_FLOAT) {
        if (s->result_size == sizeof(float))
            return *(const float *)result < 0;
        if (s->result_size == sizeof(double))
            return *(const double *)result < 0;
        return *(const long double *)result < 0;
    }
    if (s->result_cls != SWRCACHE_CLASS_INT && s->result_cls != SWRCACHE_CLASS_CHAR)
        return false;
    signed char b8;
    int16_t b16;
    int32_t b32;
    int64_t b64;
    switch (s->result_size) {
    case 1:
        memcpy(&b8, result, 1);
        return b8 < 0;
    case 2:
        memcpy(&b16, result, 2);
        return b16 < 0;
    case 4:
        memcpy(&b32, result, 4);
        return b32 < 0;
    case 8:
        memcpy(&b64, result, 8);
        return b64 < 0;
    default:
        return false;
    }
}

bool result_said_failed(struct function *f, const void *result)
{
    return f->annotated.failed != NULL &&
           f->annotated.failed(f->site->form == SWRCACHE_FORM_VOID ? NULL : result);
}

bool result_fails(struct function *f, const void *result)
{
    const struct swrcache_site *s = f->site;
    if (s->form == SWRCACHE_FORM_VOID)
        return false;
    switch (f->annotated.fails) {
    case SWR_FAILS_NULL:
        return !nonzero(f, result);
    case SWR_FAILS_NEGATIVE:
        return negative(s, result);
    case SWR_FAILS_NONZERO:
        return nonzero(f, result);
    default:
        return false;
    }
}

const char *result_never_fails(const struct swrcache_site *s, enum swrcache_fails fails)
{
    bool number = s->result_cls == SWRCACHE_CLASS_INT || s->result_cls == SWRCACHE_CLASS_CHAR;
    if (fails == SWR_FAILS_NEGATIVE && s->result_cls != SWRCACHE_CLASS_FLOAT &&
        !(number && s->result_size <= 8))
        return "SWR_FAILS_NEGATIVE";
    if (s->form == SWRCACHE_FORM_VOID && (fails == SWR_FAILS_NULL || fails == SWR_FAILS_NONZERO))
        return fails == SWR_FAILS_NULL ? "SWR_FAILS_NULL" : "SWR_FAILS_NONZERO";
    return NULL;
}

static bool is_out(const struct swrcache_param *p)
{
    return p->kind == SWRCACHE_KIND_OUT || p->kind == SWRCACHE_KIND_OUT_BYTES;
}

size_t result_encode(struct function *f, const void *object, void **bytes)
{
    size_t room = 256, len;
    for (;;) {
        *bytes = os_alloc(room);
        if (*bytes == NULL)
            return SIZE_MAX;
        struct outside outside = door_out();
        len = f->encoder->encode(object, *bytes, room);
        door_in(&outside);
        if (len < room)
            return len;
        os_free(*bytes);
        *bytes = NULL;
        if (len >= UINT32_MAX / 2)
            return SIZE_MAX;
        room = len + 1;
    }
}

/*
 * What does not count becomes zero in what the function left, before it is kept: so that equal results are
 * equal bytes, and a hit gives byte for byte what the call gave that computed.
 */
static void clear_padding(struct function *f, const struct swrcache_arg *args, void *result)
{
    const struct swrcache_site *s = f->site;
    if (f->bits.masks == NULL)
        return;
    for (uint32_t i = 0; i < s->nparams; i++)
        if (is_out(&s->params[i]) && args[i].size != 0)
            bits_clear((unsigned char *)(uintptr_t)args[i].data, bits_mask(&f->bits, i), args[i].size);
    bits_clear(result, bits_mask(&f->bits, s->nparams), s->result_size);
}

struct entry *result_keep(struct function *f, const struct flight *fl, const struct swrcache_arg *args,
                          void *result, const struct mark_name *names, uint32_t nnames, bool more)
{
    const struct swrcache_site *s = f->site;
    size_t len = s->result_size;
    const void *from = result;
    const char *string = NULL;
    clear_padding(f, args, result);
    uint8_t flags = 0;
    if (s->form == SWRCACHE_FORM_STRING) {
        memcpy(&string, result, sizeof string);
        flags = string == NULL ? ENTRY_NULL : 0;
        len = string == NULL ? 0 : strlen(string) + 1;
        from = string;
    } else if (s->form == SWRCACHE_FORM_VOID) {
        len = 0;
    } else if (unlikely(f->codec != NULL)) {
        void *object;
        memcpy(&object, result, sizeof object);
        flags = object == NULL ? ENTRY_NULL : 0;
        len = object == NULL ? 0 : fl->encoded_len;
        from = fl->encoded;
        if (len == SIZE_MAX)
            return NULL;
    }
    size_t outs = 0;
    for (uint32_t i = 0; i < s->nparams; i++)
        if (is_out(&s->params[i]))
            outs += args[i].size;
    /* Leak checkers see the pointer to an object only where it is aligned: the last word of the value. */
    size_t pad = function_holds_object(f) ? -(fl->key.len + outs) % sizeof(void *) : 0;
    ptrdiff_t carried = custom_key_carried(f, args);
    struct entry *e = carried < 0
                          ? NULL
                          : entry_new(&fl->key, fl->identity, outs + pad + len,
                                      (struct entry_extra){key_opaque_size(&f->args) + (size_t)carried,
                                                           mark_room(names, nnames), more});
    if (e == NULL || !custom_key_carry(f, args, e)) {
        if (e != NULL)
            entry_free(e);
        return NULL;
    }
    key_opaque_copy(&f->args, args, entry_opaque(e));
    unsigned char *at = entry_value(e);
    for (uint32_t i = 0; i < s->nparams; i++)
        if (is_out(&s->params[i]) && args[i].size != 0) {
            memcpy(at, args[i].data, args[i].size);
            at += args[i].size;
        }
    if (pad != 0)
        memset(at, 0, pad);
    if (len != 0)
        memcpy(at + pad, from, len);
    entry_flag(e, flags);
    mark_fill(e, names, nnames);
    cache_keep_marks(e);
    if (function_holds_object(f))
        master_begin(f, entry_object(e));
    return e;
}

/* Where the result itself begins in a value, behind the out-arguments. */
static const unsigned char *tail_of(const struct function *f, struct entry *e,
                                    const struct swrcache_arg *args)
{
    const unsigned char *tail = entry_value(e);
    if (unlikely(f->has_outs))
        for (uint32_t i = 0; i < f->site->nparams; i++)
            if (is_out(&f->site->params[i]))
                tail += args[i].size;
    return tail;
}

/* So much is copied on the stack for `decode`. */
enum { DECODED_FEW = 512 };

bool result_give_room(struct function *f, struct entry *e, const struct swrcache_arg *args, struct loan *loan)
{
    if (f->codec == NULL || (entry_flags(e) & ENTRY_NULL))
        return true;
    const unsigned char *tail = tail_of(f, e, args);
    size_t len = (size_t)(entry_value(e) + entry_value_len(e) - tail);
    if ((uintptr_t)tail % BITS_ALIGN_LEAST == 0 || len <= DECODED_FEW)
        return true;
    bool held = door_hold(thread_current);
    loan->back = os_free;
    loan->what = os_alloc_aligned(BITS_ALIGN_LEAST, len);
    if (held)
        door_let(thread_current);
    return loan->what != NULL;
}

/* Wherever they stand in the entry, `decode` gets them where malloc() could have put them. */
static void *decode(struct function *f, const unsigned char *bytes, size_t len, void *room)
{
    _Alignas(BITS_ALIGN_LEAST) unsigned char few[DECODED_FEW];
    if ((uintptr_t)bytes % BITS_ALIGN_LEAST == 0)
        return f->codec->decode(bytes, len);
    return f->codec->decode(memcpy(len <= sizeof few ? few : room, bytes, len), len);
}

static void *allocate(size_t size)
{
    struct thread *t = thread_current;
    bool inside = t != NULL && t->busy;
    if (inside)
        t->abroad = true;
    void *p = malloc(size);
    if (inside)
        t->abroad = false;
    return p;
}

bool result_give(struct function *f, struct entry *e, const struct swrcache_arg *args, void *result,
                 void *room)
{
    const struct swrcache_site *s = f->site;
    const unsigned char *at = entry_value(e), *end = at + entry_value_len(e);
    char *string = NULL;
    void *object = NULL;
    const unsigned char *tail = tail_of(f, e, args);
    switch (s->form) {
    case SWRCACHE_FORM_VALUE:
        if (s->result_size == 8)
            memcpy(result, tail, 8);
        else
            memcpy(result, tail, s->result_size);
        break;
    case SWRCACHE_FORM_STRING:
        if (!(entry_flags(e) & ENTRY_NULL)) {
            string = allocate((size_t)(end - tail));
            if (string == NULL)
                return false;
            memcpy(string, tail, (size_t)(end - tail));
        }
        memcpy(result, &string, sizeof string);
        break;
    case SWRCACHE_FORM_OBJECT:
        if (f->codec != NULL) {
            if (!(entry_flags(e) & ENTRY_NULL) &&
                (object = decode(f, tail, (size_t)(end - tail), room)) == NULL)
                return false;
            memcpy(result, &object, sizeof object);
            break;
        }
        object = entry_object(e);
        if (object != NULL) {
            object = s->copy(object);
            if (object == NULL)
                return false;
        }
        memcpy(result, &object, sizeof object);
        break;
    default:
        break;
    }
    if (unlikely(tail != at))
        for (uint32_t i = 0; i < s->nparams; i++)
            if (is_out(&s->params[i]) && args[i].size != 0) {
                memcpy((void *)(uintptr_t)args[i].data, at, args[i].size);
                at += args[i].size;
            }
    return true;
}

void result_share_object(struct function *f, void *result)
{
    void *master;
    memcpy(&master, result, sizeof master);
    if (master != NULL)
        master = f->site->copy(master);
    memcpy(result, &master, sizeof master);
}

struct release {
    struct function *f;
    void *object;
};

static void release(const struct swrcache_arg *unused, void *cookie)
{
    struct release *r = cookie;
    (void)unused;
    r->f->site->release(r->object);
}

void result_release(struct function *f, void *object)
{
    struct release r = {f, object};
    if (!guard_call_catching(release, NULL, &r))
        option_complain("%.80s: an exception came out of what frees its objects", f->site->name);
}

void result_discard(struct function *f, void *result)
{
    void *unused;
    if (f->site->form != SWRCACHE_FORM_STRING && f->codec == NULL)
        return;
    memcpy(&unused, result, sizeof unused);
    if (f->codec == NULL) {
        free(unused);
    } else if (unused != NULL) {
        struct outside outside = door_out();
        f->site->release(unused);
        door_in(&outside);
    }
}
