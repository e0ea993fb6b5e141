/*
 * fuzz.c - the parsers and encoders under inputs of all sorts, the same ones on every run.
 * usage: fuzz [SEED]      TEST_INPUTS says how many of each (100000)
 */
#include "unit.h"

#include "control/wire.h"
#include "core/print.h"
#include "core/target.h"

struct row {
    char name[12];
    int8_t tiny;
    double share;
    unsigned char raw[3];
};

SWR_STATIC_CACHED(int, everything,
                  (SWR_STR(s), SWR_VAL(int, i), SWR_BYTES(data, len), SWR_VAL(uint16_t, len),
                   SWR_VAL(char, c), SWR_STRUCT(struct row, row, name, tiny, share, raw), SWR_VAL(double, d),
                   SWR_VAL(bool, b), SWR_OPAQUE(void *, context), SWR_OUT(int, out), SWR_OUT_BYTES(room, len),
                   SWR_VAL(long double, l)))
{
    memset(room, 0, len);
    *out = s != NULL && data != NULL && row != NULL && context != NULL;
    return i + c + b + (d > 0) + (l > 0);
}

static uint64_t seed;
static unsigned long input;

#define HOLDS(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            printf("FAILED at input %lu: %s:%d: %s\n", input, __FILE__, __LINE__, #condition);               \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

static uint64_t below(uint64_t n)
{
    return (chance(&seed) >> 16) % n;
}

/* Bytes: mostly those that mean something to the parsers. No NUL. */
static size_t scribble(char *text, size_t most)
{
    static const char words[] =
        "quote(\"AC*\", *){a=1}'\\'\\\"x\"0a\"_[3]NULL all error ok f=v \\s\\n\\x41,.-+0123e\t\n";
    size_t len = below(most), i = 0;
    while (i < len) {
        switch (below(4)) {
        case 0:
            text[i++] = (char)(1 + below(255));
            break;
        case 1:
            text[i++] = "\\\"'(){},*?= _x"[below(14)];
            break;
        default: {
            size_t from = below(sizeof words - 1), n = 1 + below(8);
            while (n-- > 0 && i < len && from < sizeof words - 1)
                text[i++] = words[from++];
        }
        }
    }
    text[len] = 0;
    return len;
}

struct arguments {
    char s[64], data[48], room[48];
    int i, out;
    uint16_t len;
    char c;
    struct row row;
    double d;
    bool b;
    void *context;
    long double l;
    struct swrcache_arg args[12];
};

static void any_arguments(struct arguments *a)
{
    static const double doubles[] = {0,     -0.0,   1,    -1.5,      0.1,
                                     1e300, 5e-324, 1e22, 123456789, __builtin_nan("")};
    memset(a, 0, sizeof *a);
    scribble(a->s, sizeof a->s);
    scribble(a->row.name, sizeof a->row.name);
    a->i = (int)chance(&seed) >> below(32);
    a->len = (uint16_t)below(sizeof a->data);
    for (size_t i = 0; i < sizeof a->data; i++)
        a->data[i] = (char)chance(&seed);
    a->c = (char)chance(&seed);
    a->row.tiny = (int8_t)chance(&seed);
    a->row.share = doubles[below(10)];
    memcpy(a->row.raw, a->data, sizeof a->row.raw);
    a->d = below(2) ? doubles[below(10)] : (double)(int64_t)chance(&seed) / 1024;
    a->b = below(2);
    a->context = a;
    a->l = (long double)a->d / 3;
    const struct swrcache_arg args[12] = {
        STR(below(16) ? a->s : NULL),
        VAL(a->i),
        BYTES(a->data, a->len),
        VAL(a->len),
        VAL(a->c),
        BYTES(below(16) ? &a->row : NULL, sizeof a->row),
        VAL(a->d),
        VAL(a->b),
        VAL(a->context),
        VAL(a->out),
        BYTES(a->room, a->len),
        VAL(a->l),
    };
    memcpy(a->args, args, sizeof args);
}

static void flip(void *bytes, size_t size)
{
    ((unsigned char *)bytes)[below(size)] ^= (unsigned char)(1u << below(8));
}

/* The same but for one bit of one of them, or its sign. */
static void other_by_a_bit(struct arguments *a, const struct arguments *from)
{
    *a = *from;
    for (size_t i = 0; i < sizeof a->args / sizeof *a->args; i++)
        if (a->args[i].data != NULL)
            a->args[i].data = (char *)a + ((const char *)from->args[i].data - (const char *)from);
    switch (below(8)) {
    case 0:
        flip(a->s, sizeof a->s - 1);
        break;
    case 1:
        flip(a->row.name, sizeof a->row.name);
        break;
    case 2:
        flip(&a->row.share, sizeof a->row.share);
        break;
    case 3:
        flip(&a->d, sizeof a->d);
        break;
    case 4:
        a->d = -a->d;
        break;
    case 5:
        a->l = -a->l;
        break;
    case 6:
        flip(&a->c, 1);
        break;
    default:
        flip(a->data, sizeof a->data);
    }
}

/* Encoded, decoded and encoded again a key is the same; printed and read as a target it means itself alone.
 */
static void try_key(void)
{
    static struct arguments a, other;
    static struct packed first, again, different;
    static struct target target;
    static unsigned char room[4096] __attribute__((aligned(16)));
    static char text[8192], error[256];
    struct key_shape shape = SHAPE(everything);
    struct swrcache_arg back[KEY_MAX_PARAMS];
    unsigned char opaque[sizeof a.context];
    struct print p;
    any_arguments(&a);
    HOLDS(pack(&first, &shape, a.args));
    HOLDS(key_size(&shape, a.args) == (ptrdiff_t)first.key.len);
    key_opaque_copy(&shape, a.args, opaque);
    HOLDS(key_room(&shape, &first.key) <= sizeof room);
    key_decode(&shape, &first.key, opaque, room, back);
    HOLDS(pack(&again, &shape, back));
    HOLDS(same_key(&first.key, &again.key) && first.key.hash == again.key.hash);
    HOLDS(*(void *const *)back[8].data == a.context);

    print_start(&p, text, sizeof text);
    print_key(&p, "everything", &shape, &first.key, false);
    HOLDS(!p.cut && strlen(text) == p.len);
    HOLDS(target_parse(&target, text, error, sizeof error));
    HOLDS(target.kind == TARGET_CALL && target_fits(&target, &shape, error, sizeof error));
    HOLDS(target_matches(&target, &shape, &first.key));

    if (below(2))
        any_arguments(&other);
    else
        other_by_a_bit(&other, &a);
    HOLDS(pack(&different, &shape, other.args));
    HOLDS(target_matches(&target, &shape, &different.key) == same_key(&first.key, &different.key));
}

static void try_print(void)
{
    char bytes[64], text[80];
    size_t len = scribble(bytes, sizeof bytes), room = 4 + below(sizeof text - 4);
    struct print p;
    memset(text, 'Z', sizeof text);
    print_start(&p, text, room);
    print_string(&p, (const unsigned char *)bytes, len);
    HOLDS(p.len < room && strlen(text) == p.len && text[room] == 'Z');
    for (size_t i = 0; i < p.len; i++)
        HOLDS((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
    print_start(&p, text, room);
    print_scalar(&p, (uint32_t)below(8), (const unsigned char *)bytes, below(17));
    HOLDS(p.len < room && strlen(text) == p.len);
}

static void try_target(void)
{
    static struct target t;
    static struct arguments a;
    static struct packed packed;
    struct key_shape shape = SHAPE(everything);
    char text[128], error[96];
    scribble(text, sizeof text);
    memset(error, 0, sizeof error);
    if (!target_parse(&t, text, error, sizeof error)) {
        HOLDS(error[0] != 0 && memchr(error, 0, sizeof error) != NULL);
        return;
    }
    HOLDS(t.name >= t.text && t.name < t.text + sizeof t.text && t.name[0] != 0);
    HOLDS(t.nargs <= KEY_MAX_PARAMS);
    for (uint32_t i = 0; i < t.nargs; i++)
        HOLDS(t.args[i] >= t.text && t.args[i] < t.text + sizeof t.text && t.args[i][0] != 0);
    if (!target_fits(&t, &shape, error, sizeof error)) {
        HOLDS(error[0] != 0);
        return;
    }
    uint32_t differs;
    any_arguments(&a);
    HOLDS(pack(&packed, &shape, a.args));
    HOLDS(target_matches(&t, &shape, &packed.key) ==
          (target_likeness(&t, &shape, &packed.key, &differs) == shape.nparams));
}

static void try_glob(void)
{
    char pattern[24], text[48];
    scribble(pattern, sizeof pattern);
    scribble(text, sizeof text);
    size_t len = strlen(pattern);
    HOLDS(target_glob("*", text));
    HOLDS(!target_glob(pattern, text) || len == 0 || pattern[len - 1] == '\\' ||
          target_glob(strcat(pattern, "*"), text));
}

static void try_wire(void)
{
    static struct wire_line line;
    struct wire_buffer b = {.max = 4096, .grow = realloc};
    char value[100], text[200];
    const char *why = NULL;
    scribble(value, sizeof value);
    wire_text(&b, "verb");
    wire_field(&b, "value", value);
    HOLDS(wire_end(&b));
    HOLDS(memchr(b.data, '\n', b.len) == b.data + b.len - 1);
    b.data[b.len - 1] = 0;
    HOLDS(wire_parse(&line, b.data, &why));
    HOLDS(strcmp(wire_get(&line, "value"), value) == 0);
    free(b.data);

    scribble(text, sizeof text);
    if (!wire_parse(&line, text, &why))
        HOLDS(why != NULL && why[0] != 0);
    for (uint32_t i = 0; i < line.nfields; i++)
        HOLDS(strlen(line.fields[i].name) + strlen(line.fields[i].value) < sizeof text);
}

int main(int argc, char **argv)
{
    static void (*const each[])(void) = {try_key, try_print, try_target, try_glob, try_wire};
    const char *asked = getenv("TEST_INPUTS");
    unsigned long inputs = asked != NULL ? strtoul(asked, NULL, 10) : 100000;
    uint64_t start = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        seed = start * 0x9e3779b97f4a7c15u + i + 1;
        for (input = 0; input < inputs; input++)
            each[i]();
    }
    printf("%lu inputs each, seed %llu\n", inputs, (unsigned long long)start);
    return 0;
}
