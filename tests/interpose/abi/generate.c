/*
 * generate.c - seeded signatures over all kinds, as three files: a library of functions that digest what they
 * are given, a program that calls them in C, and the rules to wrap them by. usage: generate lib|calls|rules
 * COUNT
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 24 };

static const struct scalar {
    const char *kind, *c;
} scalars[] = {{"i8", "int8_t"},  {"i16", "int16_t"},  {"i32", "int32_t"},  {"i64", "int64_t"},
               {"u8", "uint8_t"}, {"u16", "uint16_t"}, {"u32", "uint32_t"}, {"u64", "uint64_t"},
               {"f32", "float"},  {"f64", "double"},   {"bool", "bool"},    {"char", "char"}};
enum { SCALARS = sizeof scalars / sizeof *scalars, I32 = 2, I64 = 3, F32 = 8, F64 = 9 };

enum what { SCALAR, STR, BYTES, FIXED, OPAQUE, OUT, OUT_BYTES, OUT_FIXED, WHATS };

struct param {
    enum what what;
    int scalar; /* SCALAR, OUT */
    int length; /* BYTES, OUT_BYTES: the parameter */
    int fixed;
    int is_length;
};

struct signature {
    int result; /* a scalar, or: */
    enum { VALUE, VOID, STRING, CSTRING } form;
    int n;
    struct param params[MOST];
};

static uint64_t state = 20261121;

static unsigned below(unsigned n)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * UINT64_C(2685821657736338717)) >> 33) % n;
}

static struct param scalar(int which)
{
    return (struct param){.what = SCALAR, .scalar = which, .length = -1};
}

static void make(struct signature *s, int number)
{
    *s = (struct signature){.result = (int)below(SCALARS)};
    if (number == 0) {
        /* Both kinds of register full, and words of both on the stack. */
        s->result = F64;
        for (int i = 0; i < 18; i++)
            s->params[s->n++] = scalar(i % 2 ? F64 : I64);
        return;
    }
    unsigned form = below(10);
    s->form = form == 0 ? VOID : form == 1 ? STRING : form == 2 ? CSTRING : VALUE;
    int wanted = (int)below(below(4) == 0 ? MOST - 1 : 9);
    for (int i = 0; i < wanted && s->n < MOST - 1; i++) {
        struct param p = scalar((int)below(SCALARS));
        if (below(2))
            p.what = (enum what)below(WHATS);
        p.fixed = 1 + (int)below(40);
        if (p.what == BYTES || p.what == OUT_BYTES) {
            p.length = s->n + 1;
            s->params[s->n++] = p;
            p = scalar((int)below(F32));
            p.is_length = 1;
        }
        s->params[s->n++] = p;
    }
    if (s->form == VOID) {
        struct param p = scalar((int)below(SCALARS));
        p.what = OUT;
        s->params[s->n++] = p;
    }
}

static void c_type(const struct signature *s, int i)
{
    static const char *const types[] = {"", "const char *", "const void *", "const void *", "void *",
                                        "", "void *",       "void *"};
    const struct param *p = &s->params[i];
    if (p->what == SCALAR)
        printf("%s ", scalars[p->scalar].c);
    else if (p->what == OUT)
        printf("%s *", scalars[p->scalar].c);
    else
        printf("%s", types[p->what]);
}

static const char *result_type(const struct signature *s)
{
    static const char *const types[] = {"", "void", "char *", "const char *"};
    return s->form == VALUE ? scalars[s->result].c : types[s->form];
}

static void prototype(const struct signature *s, const char *declarator)
{
    printf("%s %s(", result_type(s), declarator);
    for (int i = 0; i < s->n; i++) {
        printf("%s", i ? ", " : "");
        c_type(s, i);
        printf("p%d", i);
    }
    printf("%s)", s->n == 0 ? "void" : "");
}

static void lib(const struct signature *s, int number)
{
    char name[16];
    snprintf(name, sizeof name, "f%d", number);
    prototype(s, name);
    printf(";\n");
    prototype(s, name);
    printf("\n{\n    uint64_t h = begin(%d, __builtin_frame_address(0));\n", number);
    for (int i = 0; i < s->n; i++) {
        const struct param *p = &s->params[i];
        if (p->what == SCALAR || p->what == OPAQUE)
            printf("    h = mix(h, &p%d, sizeof p%d);\n", i, i);
        else if (p->what == STR)
            printf("    h = mix_string(h, p%d);\n", i);
        else if (p->what == BYTES)
            printf("    h = mix(h, p%d, (size_t)p%d);\n", i, p->length);
        else if (p->what == FIXED)
            printf("    h = mix(h, p%d, %d);\n", i, p->fixed);
    }
    for (int i = 0; i < s->n; i++) {
        const struct param *p = &s->params[i];
        if (p->what == OUT)
            printf("    *p%d = (%s)(h >> %d);\n", i, scalars[p->scalar].c, i);
        else if (p->what == OUT_BYTES)
            printf("    fill(p%d, (size_t)p%d, h + %d);\n", i, p->length, i);
        else if (p->what == OUT_FIXED)
            printf("    fill(p%d, %d, h + %d);\n", i, p->fixed, i);
    }
    if (s->form == VALUE)
        printf("    return (%s)%s;\n", scalars[s->result].c,
               s->result == F32 || s->result == F64 ? "(int64_t)h" : "h");
    else if (s->form != VOID)
        printf("    return %s(h);\n", s->form == STRING ? "heap_string" : "static_string");
    printf("}\n");
}

static void call(const struct signature *s, int number)
{
    char name[16];
    snprintf(name, sizeof name, "f%d", number);
    prototype(s, name);
    printf(";\nstatic void call%d(bool direct, uint64_t seed, struct answer *a)\n{\n    ", number);
    prototype(s, "(*fn)");
    printf(" = f%d;\n    (void)seed;\n    if (direct)\n        *(void **)&fn = real(\"f%d\");\n", number,
           number);
    for (int i = 0; i < s->n; i++) {
        const struct param *p = &s->params[i];
        if (p->what == SCALAR && p->is_length)
            printf("    %s p%d = (%s)(1 + chance(&seed) %% 40);\n", scalars[p->scalar].c, i,
                   scalars[p->scalar].c);
        else if (p->what == SCALAR && (p->scalar == F32 || p->scalar == F64))
            printf("    %s p%d = (%s)(int64_t)chance(&seed) / 7;\n", scalars[p->scalar].c, i,
                   scalars[p->scalar].c);
        else if (p->what == SCALAR)
            printf("    %s p%d = (%s)chance(&seed);\n", scalars[p->scalar].c, i, scalars[p->scalar].c);
        else if (p->what == STR)
            printf("    const char *p%d = some_string(&seed);\n", i);
        else if (p->what == BYTES || p->what == FIXED)
            printf("    const void *p%d = some_bytes(&seed);\n", i);
        else if (p->what == OPAQUE)
            printf("    void *p%d = opaque;\n", i);
        else
            printf("    void *p%d = take(a, %d);\n", i, 64);
    }
    printf("    errno = 77;\n    ");
    if (s->form != VOID)
        printf("%s r = ", result_type(s));
    printf("fn(");
    for (int i = 0; i < s->n; i++)
        printf("%sp%d", i ? ", " : "", i);
    printf(");\n    a->error = errno;\n");
    if (s->form == VALUE)
        printf("    memcpy(take(a, 64), &r, sizeof r);\n");
    else if (s->form != VOID)
        printf("    strcpy(take(a, 64), r);\n");
    if (s->form == STRING)
        printf("    free(r);\n");
    printf("}\n");
}

static void rule(const struct signature *s, int number)
{
    static const char *const kinds[] = {"", "str", "", "", "opaque"};
    printf("[f%d]\nprototype = %s f%d(", number,
           s->form == VALUE    ? scalars[s->result].kind
           : s->form == VOID   ? "void"
           : s->form == STRING ? "str"
                               : "cstr",
           number);
    for (int i = 0; i < s->n; i++) {
        const struct param *p = &s->params[i];
        if (i)
            printf("%s", i % 4 ? ", " : ",\n   ");
        if (p->what == SCALAR)
            printf("%s", scalars[p->scalar].kind);
        else if (p->what == OUT)
            printf("out %s", scalars[p->scalar].kind);
        else if (p->what == BYTES || p->what == OUT_BYTES)
            printf("%sbytes[p%d]", p->what == BYTES ? "" : "out ", p->length);
        else if (p->what == FIXED || p->what == OUT_FIXED)
            printf("%sbytes[%d]", p->what == FIXED ? "" : "out ", p->fixed);
        else
            printf("%s", kinds[p->what]);
        printf(" p%d", i);
    }
    printf(")\nttl = 20s\njitter_pct = 0\n");
}

int main(int argc, char **argv)
{
    int count = argc == 3 ? atoi(argv[2]) : 0;
    bool calls = argc == 3 && strcmp(argv[1], "calls") == 0,
         rules = argc == 3 && strcmp(argv[1], "rules") == 0;
    if (count <= 0 || (!calls && !rules && strcmp(argv[1], "lib") != 0))
        return 2;
    if (!rules)
        printf("#include \"%s.h\"\n", argv[1]);
    for (int i = 0; i < count; i++) {
        struct signature s;
        make(&s, i);
        (rules ? rule : calls ? call : lib)(&s, i);
    }
    if (rules)
        printf(
            "[marked]\nprototype = f64 marked(i64, i64, i64, i64, i64, i64, f64, f64, f64, f64, f64, f64,\n"
            "    f64, f64)\nttl = 20s\njitter_pct = 0\n");
    if (calls) {
        printf("static call_fn *const calls[] = {");
        for (int i = 0; i < count; i++)
            printf("call%d,\n", i);
        printf("};\n#include \"drive.h\"\n");
    }
    return 0;
}
