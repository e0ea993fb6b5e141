#include "scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct type {
    const char *name;
    uint32_t cls, size;
} types[] = {
#define TYPE(name, cls, size) {#name, SWRCACHE_CLASS_##cls, size},
#define WORDS(words, name)
#include "type.def"
#undef TYPE
#undef WORDS
};

static const struct words {
    const char *words, *name;
} words[] = {
#define TYPE(name, cls, size) {#name, #name},
#define WORDS(words, name)    {words, #name},
#include "type.def"
#undef TYPE
#undef WORDS
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* What was read where a type stands. */
struct read {
    const char *place;
    const struct type *scalar; /* or: */
    bool is_void, is_str, is_cstr, is_opaque, is_bytes, is_const, is_char;
    unsigned stars;
    const char *star; /* where the first stands */
    char length[64];  /* bytes[...] */
    const char *length_place;
};

static const struct type *type_named(const char *name)
{
    for (size_t i = 0; i < LENGTH(types); i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

/* C's words for a scalar, as many as belong together: "unsigned long long int". */
static const struct type *read_scalar(struct scan *s)
{
    char sofar[64] = "";
    const struct type *found = NULL;
    struct scan end = *s;
    for (struct scan at = *s; scan_is_word(&at) && strlen(sofar) + at.len + 2 < sizeof sofar;) {
        snprintf(sofar + strlen(sofar), sizeof sofar - strlen(sofar), "%s%.*s", sofar[0] != 0 ? " " : "",
                 (int)at.len, at.at);
        bool begins = false;
        const char *name = NULL;
        for (size_t i = 0; i < LENGTH(words); i++) {
            size_t len = strlen(sofar);
            if (strcmp(words[i].words, sofar) == 0)
                name = words[i].name;
            begins |= strncmp(words[i].words, sofar, len) == 0 && words[i].words[len] == ' ';
        }
        scan_next(&at);
        if (name != NULL) {
            found = type_named(name);
            end = at;
        }
        if (!begins)
            break;
    }
    *s = end;
    return found;
}

static bool refuse_word(struct scan *s, bool result)
{
    if (scan_is(s, "..."))
        return scan_fail(s, "a variadic function cannot be described: which arguments it takes is not known "
                            "before it runs; wrap a function that it calls");
    if (scan_is(s, "struct") || scan_is(s, "union"))
        return scan_fail(s,
                         "a structure cannot be described here; if a pointer only says which object, it is "
                         "u64 (part of the key) or opaque (not), else write a shim with SWR_INTERPOSE");
    if (scan_is(s, "va_list"))
        return scan_fail(s,
                         "a va_list cannot be remembered; wrap a function that takes its arguments plainly");
    if (scan_is(s, "__int128") || scan_is(s, "_Complex") || scan_is(s, "__m128") || scan_is(s, "__m256"))
        return scan_fail(s, "'%.*s' cannot be carried; write a shim with SWR_INTERPOSE (swrcache(3))",
                         SCAN_SHOWN(s));
    if (!scan_is_word(s))
        return scan_missing(s, "a type");
    return scan_fail(s, "no type '%.*s'; write i8 to i64, u8 to u64, f32, f64, bool, %s", SCAN_SHOWN(s),
                     result ? "void, str (the caller frees it) or cstr (it must not)"
                            : "str, bytes[LENGTH] or opaque");
}

static bool read_length(struct scan *s, struct read *r)
{
    if (!scan_take(s, "["))
        return scan_fail(s, "bytes needs its length: bytes[PARAMETER] or bytes[NUMBER]");
    r->length_place = s->at;
    if (s->len == 0 || scan_is(s, "]") || s->len >= sizeof r->length)
        return scan_fail(s, "the length of bytes is a parameter's name or a number");
    memcpy(r->length, s->at, s->len);
    r->length[s->len] = 0;
    scan_next(s);
    if (!scan_take(s, "]"))
        return scan_fail(s, "']' is missing after the length '%s'", r->length);
    return true;
}

static bool read_type(struct scan *s, struct read *r, bool result)
{
    *r = (struct read){.place = s->at};
    while (scan_is(s, "const") || scan_is(s, "volatile") || scan_is(s, "extern")) {
        r->is_const |= scan_is(s, "const");
        scan_next(s);
    }
    const char *word = s->at;
    bool enumeration = scan_take(s, "enum");
    if (enumeration) {
        char name[64];
        if (!scan_word(s, "the name of the enumeration", name, sizeof name))
            return false;
        r->scalar = type_named("i32");
    } else if (scan_take(s, "void")) {
        r->is_void = true;
    } else if (scan_take(s, "str")) {
        r->is_str = true;
    } else if (scan_take(s, "cstr")) {
        r->is_cstr = true;
    } else if (scan_take(s, "opaque")) {
        r->is_opaque = true;
    } else if (scan_take(s, "bytes")) {
        r->is_bytes = true;
        if (!read_length(s, r))
            return false;
    } else {
        r->is_char = scan_is(s, "char");
        r->scalar = read_scalar(s);
        if (r->scalar == NULL)
            return refuse_word(s, result);
        if (scan_is(s, "double") && strncmp(word, "long", 4) == 0)
            return scan_fail_at(s, word,
                                "long double is held by the x87 unit on some machines and cannot be carried; "
                                "write a shim with SWR_INTERPOSE (swrcache(3))");
        if (scan_is(s, "_Complex"))
            return refuse_word(s, result);
    }
    r->is_const |= scan_take(s, "const");
    for (r->star = s->at; scan_is(s, "*") || scan_is(s, "const") || scan_is(s, "restrict");) {
        r->stars += scan_is(s, "*");
        scan_next(s);
    }
    return true;
}

static bool read_result(struct scan *s, struct declaration *d)
{
    struct read r;
    if (!read_type(s, &r, true))
        return false;
    if (r.stars == 1 && r.is_char && r.is_const)
        r = (struct read){.is_cstr = true};
    if (r.stars == 1 && r.is_char)
        return scan_fail_at(s, r.place,
                            "who frees the string? write str (the caller does) or cstr (it must not)");
    if (r.stars != 0)
        return scan_fail_at(s, r.place,
                            "a pointer cannot be handed to several callers: strings are str or cstr, "
                            "anything else needs SWR_INTERPOSE_OBJECT with its copy and free (swrcache(3))");
    if (r.is_opaque || r.is_bytes)
        return scan_fail_at(s, r.place, "'%s' is no result; strings are str or cstr",
                            r.is_opaque ? "opaque" : "bytes");
    d->result = r.is_void   ? DECLARED_VOID
                : r.is_str  ? DECLARED_STR
                : r.is_cstr ? DECLARED_CSTR
                            : DECLARED_SCALAR;
    d->result_type = r.is_void ? "void" : r.scalar == NULL ? "char *" : r.scalar->name;
    if (r.scalar != NULL) {
        d->result_cls = r.scalar->cls;
        d->result_size = r.scalar->size;
    }
    return true;
}

/* `int (*compare)(...)`: told before the type before it makes no sense. */
static bool read_param(struct scan *s, struct declaration *d, struct read *lengths)
{
    struct declared_param *p = &d->params[d->nparams];
    struct read *r = &lengths[d->nparams];
    *p = (struct declared_param){.type = "", .length = -1};
    bool out = scan_take(s, "out");
    if (!read_type(s, r, false))
        return false;
    if (scan_is(s, "("))
        return scan_fail(s, "a callback cannot be described: what it does would not happen on a hit; "
                            "wrap a function without one");
    if (r->is_void && r->stars == 0)
        return scan_fail_at(s, r->place, "a parameter cannot be void");
    if (r->is_cstr)
        return scan_fail_at(s, r->place, "cstr is a result; a string that goes in is str");
    if (r->stars != 0 && !(r->stars == 1 && r->is_char && r->is_const && !out)) {
        if (out)
            return scan_fail_at(s, r->star, "'out' already says pointer: write 'out i32 name', without '*'");
        return scan_fail_at(s, r->place,
                            "what is behind this pointer? write str, bytes[LENGTH], 'out TYPE' (the function "
                            "writes it) or opaque (handed on, no part of the key)");
    }
    bool string = r->is_str || r->stars == 1;
    if (out && (string || r->is_opaque))
        return scan_fail_at(s, r->place,
                            "a pointer handed out would be shared by all callers; 'out bytes[LENGTH]' "
                            "copies what a buffer holds");
    if (string) {
        p->kind = SWRCACHE_KIND_STR;
        p->spelt_in_c = !r->is_str;
    } else if (r->is_bytes) {
        p->kind = out ? SWRCACHE_KIND_OUT_BYTES : SWRCACHE_KIND_BYTES;
    } else if (r->is_opaque) {
        p->kind = SWRCACHE_KIND_OPAQUE;
        p->size = sizeof(void *);
        p->type = "opaque";
    } else {
        p->kind = out ? SWRCACHE_KIND_OUT : SWRCACHE_KIND_VAL;
        p->cls = r->scalar->cls;
        p->size = r->scalar->size;
        p->type = r->scalar->name;
    }
    snprintf(p->name, sizeof p->name, "arg%u", d->nparams + 1);
    struct scan type = *s, after = *s;
    scan_next(&after);
    if (scan_is(s, "str") || (scan_is(s, "out") && scan_is_word(&after)) || read_scalar(&type) != NULL)
        return scan_fail(s, "',' or ')' is missing before '%.*s', which is a type and no name",
                         SCAN_SHOWN(s));
    if (scan_is_word(s) && !scan_word(s, "the parameter's name", p->name, sizeof p->name))
        return false;
    if (scan_is(s, "["))
        return scan_fail(s, "an array is written bytes[LENGTH] name, or str name");
    for (uint32_t i = 0; i < d->nparams; i++)
        if (strcmp(d->params[i].name, p->name) == 0)
            return scan_fail_at(s, r->place, "two parameters are named '%s'", p->name);
    d->nparams++;
    return true;
}

/* bytes[len]: len may stand before or after. */
static bool find_length(struct scan *s, struct declaration *d, uint32_t which, const struct read *r)
{
    struct declared_param *p = &d->params[which];
    char *end;
    if (r->length[0] >= '0' && r->length[0] <= '9') {
        unsigned long n = strtoul(r->length, &end, 10);
        if (*end != 0 || n == 0 || n > 1 << 20)
            return scan_fail_at(s, r->length_place, "a fixed length is a number from 1 to 1048576, not '%s'",
                                r->length);
        p->fixed = (uint32_t)n;
        if (p->kind == SWRCACHE_KIND_OUT_BYTES) {
            p->kind = SWRCACHE_KIND_OUT;
            p->size = p->fixed;
            p->type = "bytes";
        }
        return true;
    }
    for (uint32_t i = 0; i < d->nparams; i++) {
        if (strcmp(d->params[i].name, r->length) != 0)
            continue;
        if (d->params[i].kind != SWRCACHE_KIND_VAL || d->params[i].cls == SWRCACHE_CLASS_FLOAT)
            return scan_fail_at(s, r->length_place, "the length '%s' must be an integer that goes in",
                                r->length);
        p->length = (int)i;
        return true;
    }
    return scan_fail_at(s, r->length_place, "no parameter is named '%s', which is to be the length of '%s'",
                        r->length, p->name);
}

static bool read_prototype(struct scan *s, struct declaration *d)
{
    struct read lengths[DECLARATION_PARAMS];
    if (s->len == 0)
        return scan_fail(s, "the prototype is missing: double price(str, i32)");
    if (!read_result(s, d))
        return false;
    const char *name = s->at;
    if (scan_is(s, "("))
        return scan_fail(
            s, scan_is(s, "(") && d->result_type[0] != 0
                   ? "the function's name is missing before '('; a function that returns a callback "
                     "cannot be described"
                   : "the function's name is missing");
    if (!scan_word(s, "the function's name", d->name, sizeof d->name))
        return false;
    const char *why = declaration_forbidden(d->name);
    if (why != NULL)
        return scan_fail_at(s, name, "'%s' must not be wrapped: %s", d->name, why);
    if (!scan_take(s, "("))
        return scan_fail(s, "'(' is missing after '%s'", d->name);
    struct scan empty = *s;
    if (scan_take(&empty, "void") && scan_is(&empty, ")"))
        *s = empty;
    for (bool first = true; !scan_is(s, ")"); first = false) {
        if (!first && !scan_take(s, ","))
            return scan_missing(s, s->len == 0 ? "')'" : "',' or ')'");
        if (d->nparams == DECLARATION_PARAMS)
            return scan_fail(s, "more than %d parameters", DECLARATION_PARAMS);
        if (!read_param(s, d, lengths))
            return false;
    }
    scan_next(s);
    for (uint32_t i = 0; i < d->nparams; i++)
        if (lengths[i].is_bytes && !find_length(s, d, i, &lengths[i]))
            return false;
    return true;
}

static void unset(struct swrcache_policy *p)
{
    *p = (struct swrcache_policy){
        .fails = SWRCACHE_FAILS_UNSET, .refresh = SWRCACHE_REFRESH_UNSET, .secret = -1};
    p->version = SWRCACHE_UNSET;
#define SETTING(name, kind, field, value, help) p->field = SWRCACHE_UNSET;
#include "runtime/setting/setting.def"
#undef SETTING
}

/* How much of the text is the prototype: where the attributes begin. */
static bool prototype(const char *text, struct declaration *d, struct declaration_error *error,
                      const char **rest)
{
    struct scan s;
    *d = (struct declaration){0};
    unset(&d->policy);
    scan_start(&s, text, error);
    if (!read_prototype(&s, d))
        return false;
    *rest = s.at;
    return true;
}

bool declaration_prototype(const char *text, struct declaration *d, struct declaration_error *error)
{
    const char *rest;
    if (!prototype(text, d, error, &rest))
        return false;
    if (*rest == 0)
        return true;
    error->column = (size_t)(rest - text);
    snprintf(error->text, sizeof error->text,
             "something follows the prototype; attributes stand on lines of their own");
    return false;
}

/* One `name=value` or `name="value with blanks"`; copies both. */
static bool read_attribute(struct scan *s, const char **at, char *name, char *value, size_t room)
{
    size_t n = strcspn(*at, "= \t\"");
    const char *start = *at;
    if (n == 0 || n >= room)
        return scan_fail_at(s, start, "expected NAME=VALUE");
    memcpy(name, start, n);
    name[n] = 0;
    if (start[n] != '=')
        return scan_fail_at(s, start, "'%s' needs a value: %s=VALUE, without blanks", name, name);
    const char *from = start + n + 1;
    bool quoted = *from == '"';
    from += quoted;
    size_t len = strcspn(from, quoted ? "\"" : " \t");
    if (quoted && from[len] != '"')
        return scan_fail_at(s, from - 1, "the closing '\"' is missing");
    if (len >= room)
        return scan_fail_at(s, from, "the value of '%s' is longer than %zu characters", name, room - 1);
    memcpy(value, from, len);
    value[len] = 0;
    *at = from + len + quoted;
    return true;
}

bool declaration_parse(const char *text, struct declaration *d, struct declaration_error *error)
{
    const char *at;
    struct scan s;
    if (!prototype(text, d, error, &at))
        return false;
    scan_start(&s, text, error);
    for (;;) {
        char name[256], value[256];
        at += strspn(at, " \t");
        if (*at == 0)
            break;
        const char *start = at;
        if (!read_attribute(&s, &at, name, value, sizeof value))
            return false;
        if (!declaration_attribute(name, value, d, error)) {
            error->column += (size_t)(start - text);
            return false;
        }
    }
    if (!declaration_check(d, error)) {
        error->column = 0;
        return false;
    }
    return true;
}

bool declaration_same(const struct declaration *a, const struct declaration *b)
{
    if (a->result != b->result || a->result_cls != b->result_cls || a->result_size != b->result_size ||
        a->nparams != b->nparams)
        return false;
    for (uint32_t i = 0; i < a->nparams; i++) {
        const struct declared_param *p = &a->params[i], *q = &b->params[i];
        if (p->kind != q->kind || p->cls != q->cls || p->size != q->size || p->length != q->length ||
            p->fixed != q->fixed)
            return false;
    }
    return true;
}
