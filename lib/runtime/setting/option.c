#include "option.h"
#include "mode_word.h"
#include "base/clock.h"
#include "base/origin.h"
#include "base/unit.h"

#include <string.h>

enum kind { SWITCH, COUNT, SIZE, TIME, TEXT };

static const struct {
    const char *name;
    enum kind kind;
    uint64_t value;
} table[OPTIONS] = {
#define OPTION(name, kind, value, help) {#name, kind, value},
#include "option.def"
#undef OPTION
};

/* What others than the runtime read. */
static const char *const of_others[] = {"SWR_NO_CHILDREN", "SWR_WRAP_DIR"};

static uint64_t numbers[OPTIONS];
static const char *texts[OPTIONS];

/* What is in force when the text cannot be read: a switch that was touched switches off. */
static const char *taken_for(int o)
{
    return table[o].kind == SWITCH ? "switched off" : "ignored";
}

static const char *form_of(int o)
{
    return table[o].kind == SWITCH  ? "on, yes, true, 1 or off, no, false, 0"
           : table[o].kind == COUNT ? "a whole number"
           : table[o].kind == SIZE  ? "a size like 64M or 1G"
           : table[o].kind == TIME  ? "a time like 250ms, 20s, 5m, 1h or inf"
           : o == OPTION_SWR_MODE   ? "on, off, shadow or observe"
                                    : "'manual', the only clock to choose";
}

static void read_one(int o, const char *text)
{
    uint64_t n = table[o].value;
    enum function_mode mode;
    bool good = true, on = false;
    switch (table[o].kind) {
    case TEXT:
        if (o == OPTION_SWR_CLOCK)
            good = strcmp(text, "manual") == 0;
        else if (o == OPTION_SWR_MODE && unit_switch(text, &on))
            text = mode_names[on ? FUNCTION_ON : FUNCTION_OFF]; /* a switch to whoever takes it for one */
        else if (o == OPTION_SWR_MODE)
            good = mode_named(text, &mode);
        texts[o] = good ? text : NULL;
        break;
    case SWITCH:
        good = unit_switch(text, &on);
        n = on;
        break;
    case COUNT:
        good = unit_count(text, &n);
        break;
    case SIZE:
        good = unit_size(text, &n);
        break;
    case TIME: /* the text is what its preset reads */
        good = unit_duration(text, &n) && (n == CLOCK_NEVER || n % NS_PER_MS == 0);
        texts[o] = good ? text : NULL;
        break;
    }
    if (good || table[o].kind == SWITCH)
        numbers[o] = n;
    if (!good)
        option_complain("%s=%.80s: not %s; %s", table[o].name, text, form_of(o), taken_for(o));
}

/* How many letters are to be changed, put in or left out. */
static size_t distance(const char *a, size_t n, const char *b)
{
    enum { LONGEST = 40 };
    size_t m = strlen(b), row[LONGEST + 1];
    if (n > LONGEST || m > LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t least = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            if (row[j - 1] + 1 < least)
                least = row[j - 1] + 1;
            if (corner + 1 < least)
                least = corner + 1;
            row[j] = least;
        }
    }
    return row[m];
}

/* Of one name, up to its =: it is nobody's. */
static void unknown(const char *text)
{
    size_t n = strcspn(text, "="), least = SIZE_MAX;
    const char *nearest = NULL;
    for (size_t i = 0; i < sizeof of_others / sizeof *of_others; i++)
        if (distance(text, n, of_others[i]) == 0)
            return;
    for (int o = 0; o < OPTIONS; o++) {
        size_t d = distance(text, n, table[o].name);
        if (d == 0)
            return;
        if (d < least) {
            least = d;
            nearest = table[o].name;
        }
    }
    if (least <= 3)
        option_complain("%.*s: no such variable; did you mean %s?", n < 80 ? (int)n : 80, text, nearest);
    else
        option_complain("%.*s: no such variable; swrcache(3) has them", n < 80 ? (int)n : 80, text);
}

void option_read(void)
{
    option_complain_to(origin_variable("SWR_LOG"));
    for (int o = 0; o < OPTIONS; o++) {
        const char *text = origin_variable(table[o].name);
        numbers[o] = table[o].value;
        if (text != NULL)
            read_one(o, text);
    }
    for (const char *at = NULL; (at = origin_next(at)) != NULL;)
        if (strncmp(at, "SWR_", 4) == 0)
            unknown(at);
}

uint64_t option_number(enum option o)
{
    return numbers[o];
}

const char *option_text(enum option o)
{
    return texts[o];
}
