#include "digest.h"
#include "result.h"

#include <string.h>

static uint64_t joined(uint64_t digest, uint64_t more)
{
    return digest * 31 + more;
}

/* Of one number or structure by value, without its padding. */
static uint64_t digest_value(uint32_t cls, const unsigned char *mask, const void *data, size_t size)
{
    float f;
    double d;
    long double l;
    if (cls == SWRCACHE_CLASS_FLOAT && size == sizeof f) {
        memcpy(&f, data, size);
        d = f;
    } else if (cls == SWRCACHE_CLASS_FLOAT && size == sizeof d) {
        memcpy(&d, data, size);
    } else if (cls == SWRCACHE_CLASS_FLOAT && size == sizeof l) {
        /* Some of its bytes say nothing: two doubles hold what it does. */
        memcpy(&l, data, size);
        d = (double)l;
        double rest = (double)(l - (long double)d);
        if (rest != 0 && rest == rest)
            return joined(key_digest(&d, sizeof d), key_digest(&rest, sizeof rest));
    } else {
        return bits_digest(data, mask, size);
    }
    if (d != d)
        return 1;
    d = d == 0 ? 0 : d;
    return key_digest(&d, sizeof d);
}

/* Of what is given out by pointer; `text` NULL: nothing. */
static uint64_t digest_text(const void *text, size_t len)
{
    return text != NULL ? key_digest(text, len) : 0;
}

static HAS_CANARY bool digest_object(struct function *f, const void *object, uint64_t *digest, size_t *len)
{
    volatile uint64_t canary;
    *digest = *len = 0;
    if (object == NULL || f->encoder == NULL)
        return true;
    struct loan *loan = thread_current != NULL ? loan_begin(thread_current, &canary) : NULL;
    if (loan == NULL)
        return false;
    loan->back = os_free;
    *len = result_encode(f, object, &loan->what);
    if (*len != SIZE_MAX)
        *digest = digest_text(loan->what, *len);
    loan_end(loan);
    return *len != SIZE_MAX;
}

static bool is_out(const struct swrcache_param *p)
{
    return p->kind == SWRCACHE_KIND_OUT || p->kind == SWRCACHE_KIND_OUT_BYTES;
}

/* Of all out-arguments, from where they stand: in the caller's memory, or in order in a value. */
static uint64_t digest_outs(const struct function *f, const struct swrcache_arg *args,
                            const unsigned char **value, uint64_t *bytes)
{
    uint64_t digest = 0;
    for (uint32_t i = 0; i < f->site->nparams; i++) {
        const struct swrcache_param *p = &f->site->params[i];
        if (!is_out(p) || args[i].size == SIZE_MAX || (args[i].data == NULL && value == NULL))
            continue;
        digest = joined(digest, digest_value(p->cls, bits_mask(&f->bits, i),
                                             value != NULL ? *value : args[i].data, args[i].size));
        *bytes += args[i].size;
        if (value != NULL)
            *value += args[i].size;
    }
    return digest;
}

bool digest_of_result(struct function *f, const struct swrcache_arg *args, const void *result,
                      uint64_t *digest, uint64_t *bytes)
{
    const struct swrcache_site *s = f->site;
    const void *pointer = NULL;
    size_t len = s->form == SWRCACHE_FORM_VOID ? 0 : s->result_size;
    uint64_t outs = 0, of_result = 0;
    *digest = digest_outs(f, args, NULL, &outs);
    if (s->form == SWRCACHE_FORM_STRING || s->form == SWRCACHE_FORM_OBJECT)
        memcpy(&pointer, result, sizeof pointer);
    if (s->form == SWRCACHE_FORM_OBJECT) {
        if (!digest_object(f, pointer, &of_result, &len))
            return false;
    } else if (s->form == SWRCACHE_FORM_STRING) {
        len = pointer != NULL ? strlen(pointer) + 1 : 0;
        of_result = digest_text(pointer, len);
    } else if (len != 0) {
        of_result = digest_value(s->result_cls, bits_mask(&f->bits, s->nparams), result, len);
    }
    *digest = joined(*digest, of_result);
    if (bytes != NULL)
        *bytes = outs + len;
    return true;
}

bool digest_of_entry(struct function *f, struct entry *e, const struct swrcache_arg *args, uint64_t *digest)
{
    const struct swrcache_site *s = f->site;
    const unsigned char *tail = entry_value(e), *end = tail + entry_value_len(e);
    uint64_t bytes = 0, of_result = 0;
    size_t len;
    *digest = digest_outs(f, args, &tail, &bytes);
    if (s->form == SWRCACHE_FORM_OBJECT && f->codec == NULL) {
        if (!digest_object(f, entry_object(e), &of_result, &len))
            return false;
    } else if (s->form == SWRCACHE_FORM_STRING || s->form == SWRCACHE_FORM_OBJECT) {
        bool null = entry_flags(e) & ENTRY_NULL;
        of_result = digest_text(null ? NULL : tail, (size_t)(end - tail));
    } else if (tail != end) {
        of_result = digest_value(s->result_cls, bits_mask(&f->bits, s->nparams), tail, (size_t)(end - tail));
    }
    *digest = joined(*digest, of_result);
    return true;
}
