/*
 * fuzz.c - declarations, files of rules and C prototypes under inputs of all sorts.
 * usage: fuzz [SEED]      TEST_INPUTS says how many (100000)
 *
 * By itself it makes its own inputs, the same ones on every run. Built by clang with -fsanitize=fuzzer and
 * -DLIBFUZZER it takes those of libFuzzer (tools/check --long).
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rule/prototypes.h"
#include "rule/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *trying;
static unsigned long taken, refused; /* rules */
static unsigned long prototypes;

#define HOLDS(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            printf("FAILED: %s:%d: %s, with:\n%s\n", __FILE__, __LINE__, #condition, trying);                \
            fflush(stdout);                                                                                  \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

static void is_whole(const struct declaration *d)
{
    struct declaration_error error;
    HOLDS(d->name[0] != 0 && memchr(d->name, 0, sizeof d->name) != NULL);
    HOLDS(d->nparams <= DECLARATION_PARAMS && d->result_type != NULL);
    HOLDS(declaration_forbidden(d->name) == NULL && declaration_check(d, &error));
    for (uint32_t i = 0; i < d->nparams; i++) {
        const struct declared_param *p = &d->params[i];
        bool counted = p->kind == SWRCACHE_KIND_BYTES || p->kind == SWRCACHE_KIND_OUT_BYTES;
        HOLDS(p->name[0] != 0 && p->length < (int)d->nparams);
        HOLDS(!counted || (p->length < 0 ? p->fixed != 0 : d->params[p->length].kind == SWRCACHE_KIND_VAL));
        HOLDS(counted || p->kind == SWRCACHE_KIND_STR || p->size != 0);
    }
}

static void try_declaration(const char *text)
{
    static struct declaration d;
    struct declaration_error error;
    memset(&error, 0xA5, sizeof error);
    if (declaration_parse(text, &d, &error)) {
        is_whole(&d);
        return;
    }
    HOLDS(error.column <= strlen(text));
    HOLDS(memchr(error.text, 0, sizeof error.text) != NULL && error.text[0] != 0);
}

/* Each complaint is one line that names a place within the file, and nothing that a terminal obeys. */
static void look_at(const char *said, const char *text, unsigned wrong)
{
    unsigned lines = 1, complaints = 0;
    for (const char *c = text; *c != 0; c++)
        lines += *c == '\n';
    for (const char *line = said; *line != 0; line += strcspn(line, "\n") + 1) {
        unsigned at, column;
        size_t len = strcspn(line, "\n");
        HOLDS(line[len] == '\n');
        for (size_t i = 0; i < len; i++)
            HOLDS(!iscntrl((unsigned char)line[i]));
        if (strncmp(line, "swrctl: the rest is not looked at", len) == 0)
            continue;
        complaints++;
        HOLDS(sscanf(line, "swrctl: rules:%u:%u: ", &at, &column) == 2);
        HOLDS(at >= 1 && at <= lines && column >= 1 && column <= 4096);
    }
    HOLDS(complaints == (wrong < RULES_WRONG_SHOWN ? wrong : RULES_WRONG_SHOWN));
}

static void try_rules(const char *text)
{
    static char said[1 << 16];
    static FILE *sink;
    struct rules rules;
    FILE *terminal = stderr;
    if (sink == NULL && (sink = fmemopen(said, sizeof said, "w")) == NULL)
        exit(1);
    rewind(sink);
    stderr = sink;
    rules_start(&rules);
    rules_text(&rules, "rules", text);
    fputc(0, sink);
    fflush(sink);
    stderr = terminal;
    look_at(said, text, rules.wrong);
    taken += rules.count;
    refused += rules.wrong;
    for (size_t i = 0; i < rules.count; i++) {
        is_whole(&rules.list[i]);
        HOLDS(rules.origins[i].line != 0 && rules.origins[i].column != 0);
    }
    rules_free(&rules);
}

static void try_prototype(const char *name, const char *text, void *cookie)
{
    (void)cookie;
    prototypes++;
    HOLDS(name[0] != 0);
    HOLDS(strpbrk(text, "\n;{}") == NULL);
    try_declaration(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* As strings come: of exactly their length. A file with a NUL is refused before it comes here. */
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    for (size_t i = 0; i < size; i++)
        text[i] = data[i] != 0 ? (char)data[i] : ' ';
    text[size] = 0;
    trying = text;
    if (strchr(text, '\n') == NULL)
        try_declaration(text);
    try_rules(text);
    prototypes_text(text, try_prototype, NULL);
    free(text);
    return 0;
}

#ifndef LIBFUZZER
static uint64_t state;

static size_t below(size_t n)
{
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (size_t)(state >> 33) % n;
}

static size_t scribble(char *text, size_t room)
{
    static const char *const pieces[] = {
        "[price]\nprototype = double price(str symbol,\n    i32 days)\nttl = 20s\n",
        "\n[preset names]\n",
        "double price(str symbol, i32 days) ttl=20s",
        "\n",
        "\r\n",
        "typedef unsigned int number;\n",
        "number f(const char *s, number n);",
        "extern \"C\" {",
        "#define API\n",
        "__attribute__((pure)) ",
        "/* ",
        " */",
        "// ",
        "{",
        "};",
        "(",
        "static inline int g(int n) { return n; }",
        "[price]",
        "[",
        "]",
        "prototype = ",
        "    ",
        "i32 f(",
        "str s",
        ", ",
        ")",
        "bytes[n] b, u32 n",
        "out ",
        "out bytes[16] key",
        "const char *",
        "unsigned long long ",
        "ttl = 20s",
        "stale=inf",
        "max_bytes=1G",
        "mode=off",
        "fails=null",
        "fails = negative\n",
        "tags = a b\n",
        "tags=\"a b\"",
        "from = lib*\n",
        "lib=/x",
        "=",
        ":",
        ";",
        "#",
        "\"",
        "...",
        "(*",
        "\x01",
        "\xff",
        "\xEF\xBB\xBF",
        "\x1b[31m",
    };
    size_t len = 0;
    for (size_t n = 1 + below(24); n > 0; n--) {
        const char *piece = pieces[below(sizeof pieces / sizeof *pieces)];
        size_t from = below(8) == 0 ? below(strlen(piece)) : 0, times = below(64) == 0 ? below(300) : 1;
        for (; times > 0 && len + strlen(piece) < room; times--)
            len = (size_t)(stpcpy(text + len, piece + from) - text);
    }
    for (size_t n = below(4); n > 0 && len > 0; n--)
        text[below(len)] = (char)(1 + below(255));
    return len;
}

int main(int argc, char **argv)
{
    static char text[8192];
    const char *asked = getenv("TEST_INPUTS");
    unsigned long inputs = asked != NULL ? strtoul(asked, NULL, 10) : 100000;
    state = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    for (unsigned long i = 0; i < inputs; i++)
        LLVMFuzzerTestOneInput((const uint8_t *)text, scribble(text, sizeof text));
    printf("%lu inputs, %lu rules taken, %lu mistakes told, %lu prototypes\n", inputs, taken, refused,
           prototypes);
    return taken < inputs / 200 || prototypes < inputs / 20 ||
           refused < inputs / 2; /* else the inputs try too little */
}
#endif
