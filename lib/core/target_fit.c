#include "target.h"

#include <ctype.h>
#include <float.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool target_silent(const struct swrcache_param *p)
{
    return p->kind == SWRCACHE_KIND_OPAQUE || p->kind == SWRCACHE_KIND_OUT ||
           p->kind == SWRCACHE_KIND_OUT_BYTES;
}

static uint32_t speaking(const struct key_shape *shape)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < shape->nparams; i++)
        n += !target_silent(&shape->params[i]);
    return n;
}

enum target_sign target_sign(const char *pattern, const char **operand)
{
    static const struct {
        const char *text;
        enum target_sign sign;
    } signs[] = {{">=", TARGET_AT_LEAST},
                 {"<=", TARGET_AT_MOST},
                 {"!=", TARGET_NOT},
                 {">", TARGET_ABOVE},
                 {"<", TARGET_BELOW}};
    *operand = pattern;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t len = strlen(signs[i].text);
        if (strncmp(pattern, signs[i].text, len) == 0) {
            *operand = pattern + len + strspn(pattern + len, " ");
            return signs[i].sign;
        }
    }
    return TARGET_EQUAL;
}

__attribute__((format(printf, 3, 4))) static bool wrong(char *error, size_t room, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error, room, format, args);
    va_end(args);
    return false;
}

static bool is_number(const struct swrcache_param *p)
{
    return p->kind == SWRCACHE_KIND_VAL &&
           (p->cls == SWRCACHE_CLASS_FLOAT ||
            ((p->cls == SWRCACHE_CLASS_INT || p->cls == SWRCACHE_CLASS_UINT) && p->size <= sizeof(uint64_t)));
}

/*
 * Whether any argument of that type could match. What is told here would match nothing for ever; the pattern
 * itself is not repeated, it may be a secret's.
 */
static bool likely_meant(const char *pattern, const struct swrcache_param *p, char *error, size_t room)
{
    const char *operand;
    enum target_sign sign = target_sign(pattern, &operand);
    long double number;
    bool counts = is_number(p) || (p->kind == SWRCACHE_KIND_VAL && p->cls == SWRCACHE_CLASS_POINTER);
    if (strcmp(pattern, "*") == 0)
        return true;
    if (target_silent(p))
        return pattern[0] == '_' || /* and the room there is: _[16] */
               wrong(error, room, "%s is no part of the key: write _ for it", p->name);
    if (sign != TARGET_EQUAL && sign != TARGET_NOT) {
        if (!counts)
            return wrong(error, room, "%s is no number: of the signs only != goes with it", p->name);
        return target_number(operand, &number) ||
               wrong(error, room, "%s is a number: behind the sign stands one too", p->name);
    }
    if (target_starred(operand) && operand[0] == '*')
        return true;
    if (is_number(p)) /* bytes: a float that is no number */
        return target_starred(operand) || target_number(operand, &number) ||
               (p->cls == SWRCACHE_CLASS_FLOAT && strncmp(operand, "x\"", 2) == 0) ||
               wrong(error, room, "%s is a number: write one; in a pattern also * or >=30", p->name);
    bool text = operand[0] == '"', null = strcmp(operand, "NULL") == 0;
    if (p->kind == SWRCACHE_KIND_STR)
        return text || null || operand[0] == '?' ||
               wrong(error, room, "%s is a text: write it in double quotes, or * or NULL", p->name);
    if (p->kind == SWRCACHE_KIND_BYTES)
        return text || null || operand[0] == '?' || strncmp(operand, "x\"", 2) == 0 ||
               wrong(error, room, "%s is bytes: write x\"0a0b\", \"text\", * or NULL", p->name);
    return true;
}

bool target_fits(const struct target *t, const struct key_shape *shape, char *error, size_t room)
{
    if (t->kind != TARGET_CALL)
        return true;
    if (t->nargs == shape->nparams || t->nargs == speaking(shape)) {
        for (uint32_t i = 0; i < shape->nparams; i++) {
            const char *pattern = target_argument(t, shape, i);
            if (pattern != NULL && !likely_meant(pattern, &shape->params[i], error, room))
                return false;
        }
        return true;
    }
    int n = snprintf(error, room, "%s has %u argument%s, not %u; write %s(", t->name, speaking(shape),
                     speaking(shape) == 1 ? "" : "s", t->nargs, t->name);
    bool first = true;
    for (uint32_t i = 0; i < shape->nparams; i++) {
        if (target_silent(&shape->params[i]))
            continue;
        if (n > 0 && (size_t)n < room)
            n += snprintf(error + n, room - (size_t)n, "%s%s", first ? "" : ", ", shape->params[i].name);
        first = false;
    }
    if (n > 0 && (size_t)n < room)
        snprintf(error + n, room - (size_t)n, ") with * for any");
    return false;
}

const char *target_argument(const struct target *t, const struct key_shape *shape, uint32_t i)
{
    uint32_t at = i;
    if (t->nargs != shape->nparams) {
        if (target_silent(&shape->params[i]))
            return NULL;
        at = 0;
        for (uint32_t j = 0; j < i; j++)
            at += !target_silent(&shape->params[j]);
    }
    return at < t->nargs ? t->args[at] : NULL;
}

bool target_starred(const char *s)
{
    for (; *s != 0; s++) {
        if (*s == '\\' && s[1] != 0)
            s++;
        else if (*s == '*')
            return true;
    }
    return false;
}

/* In the program's locale 1.5 may be 1,5; here it is not. */
/*
 * What most numbers are: so few digits and so small a power of ten that one operation rounds as strtold()
 * does. That takes 14 kB of stack, which a thread may not have.
 */
static bool short_number(const char *at, long double *number)
{
#if LDBL_MANT_DIG >= 64
    bool minus = *at == '-';
    uint64_t digits = 0;
    int count = 0, seen = 0, power = 0, exponent = 0;
    at += *at == '-' || *at == '+';
    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) { /* a whole number as %#x or %p write it */
        size_t len = strspn(at + 2, "0123456789abcdefABCDEF");
        *number = minus ? -(long double)strtoull(at, NULL, 16) : (long double)strtoull(at, NULL, 16);
        return len != 0 && len <= 16 && at[2 + len] == 0;
    }
    for (bool point = false; isdigit((unsigned char)*at) || (*at == '.' && !point); at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        digits = digits * 10 + (uint64_t)(*at - '0');
        count += digits != 0;
        seen++;
        power -= point;
    }
    if (*at == 'e' || *at == 'E') {
        bool below = at[1] == '-';
        at += 1 + (at[1] == '-' || at[1] == '+');
        if (!isdigit((unsigned char)*at))
            return false;
        for (; isdigit((unsigned char)*at) && exponent < 1000; at++)
            exponent = exponent * 10 + (*at - '0');
        power += below ? -exponent : exponent;
    }
    /* 19 digits fit into digits, and 10 to the 27th into the mantissa. */
    if (*at != 0 || seen == 0 || count > 19 || power < -27 || power > 27)
        return false;
    long double ten = 1;
    for (int i = power < 0 ? -power : power; i > 0; i--)
        ten *= 10;
    *number = power < 0 ? (long double)digits / ten : (long double)digits * ten;
    if (minus)
        *number = -*number;
    return true;
#else
    (void)at;
    (void)number;
    return false;
#endif
}

bool target_number(const char *text, long double *number)
{
    if (short_number(text, number))
        return true;
    char copy[128], *end;
    const char *radix = nl_langinfo(RADIXCHAR);
    size_t n = 0, len = strlen(text);
    if (len == 0 || len + strlen(radix) >= sizeof copy)
        return false;
    for (; *text != 0; text++)
        if (*text == '.')
            n = (size_t)(stpcpy(copy + n, radix) - copy);
        else
            copy[n++] = *text;
    copy[n] = 0;
    *number = strtold(copy, &end);
    return *end == 0 && end != copy;
}
