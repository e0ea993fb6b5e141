#define _GNU_SOURCE
#include "option.h"
#include "mode_word.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind { FLAG, COUNT, SIZE, TIME, TEXT };

static const struct {
    const char *name;
    enum kind kind;
    uint64_t value;
} table[OPTIONS] = {
#define OPTION(name, kind, value, help) {#name, kind, value},
#include "option.def"
#undef OPTION
};

static uint64_t numbers[OPTIONS];
static const char *texts[OPTIONS];

static bool one_of(int o, const char *text)
{
    enum function_mode kind;
    return o == OPTION_SWR_CLOCK ? strcmp(text, "manual") == 0
                                 : o != OPTION_SWR_MODE || mode_named(text, &kind);
}

void option_read(void)
{
    option_complain_to(secure_getenv("SWR_LOG"));
    for (int o = 0; o < OPTIONS; o++) {
        const char *text = secure_getenv(table[o].name);
        uint64_t n = table[o].value;
        bool good = true;
        numbers[o] = n;
        if (text == NULL)
            continue;
        switch (table[o].kind) {
        case TEXT:
            good = one_of(o, text);
            texts[o] = good ? text : NULL;
            break;
        case FLAG:
            good = (text[0] == '0' || text[0] == '1') && text[1] == 0;
            n = text[0] == '1';
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
        if (good)
            numbers[o] = n;
        else
            option_complain("%s=%.80s: not %s; ignored", table[o].name, text,
                            table[o].kind == FLAG    ? "0 or 1"
                            : table[o].kind == COUNT ? "a whole number"
                            : table[o].kind == SIZE  ? "a size like 64M or 1G"
                            : table[o].kind == TIME  ? "a time like 250ms, 20s, 5m, 1h or inf"
                            : o == OPTION_SWR_MODE   ? "on, off, shadow or observe"
                                                     : "'manual', the only clock to choose");
    }
}

uint64_t option_number(enum option o)
{
    return numbers[o];
}

const char *option_text(enum option o)
{
    return texts[o];
}
