#include "declaration.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct writing {
    char *text;
    size_t room, len;
};

static void put(struct writing *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct writing *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (w->len < w->room)
        w->len += (size_t)vsnprintf(w->text + w->len, w->room - w->len, format, args);
    va_end(args);
}

static void put_length(struct writing *w, const struct declaration *d, const struct declared_param *p)
{
    if (p->length >= 0)
        put(w, "bytes[%s]", d->params[p->length].name);
    else
        put(w, "bytes[%u]", p->fixed);
}

static void put_param(struct writing *w, const struct declaration *d, const struct declared_param *p)
{
    bool out = p->kind == SWRCACHE_KIND_OUT || p->kind == SWRCACHE_KIND_OUT_BYTES;
    put(w, "%s", out ? "out " : "");
    if (p->kind == SWRCACHE_KIND_STR)
        put(w, "str");
    else if (p->kind == SWRCACHE_KIND_BYTES || p->kind == SWRCACHE_KIND_OUT_BYTES || p->fixed != 0)
        put_length(w, d, p);
    else
        put(w, "%s", p->type);
    put(w, " %s", p->name);
}

bool declaration_text(const struct declaration *d, char *text, size_t room)
{
    struct writing w = {text, room, 0};
    put(&w, "%s %s(",
        d->result == DECLARED_STR    ? "str"
        : d->result == DECLARED_CSTR ? "cstr"
                                     : d->result_type,
        d->name);
    for (uint32_t i = 0; i < d->nparams; i++) {
        put(&w, "%s", i != 0 ? ", " : "");
        put_param(&w, d, &d->params[i]);
    }
    put(&w, ")");
    return w.len < room;
}
