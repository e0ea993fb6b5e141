#include "configured.h"
#include "mode_word.h"
#include "option.h"
#include "setting.h"
#include "core/target.h"
#include "base/clock.h"

#include <ctype.h>
#include <string.h>

enum { WORD_MAX = 256 };

static struct configured *all;

struct reading {
    const char *variable, *text, *at;
    enum configured_by by;
};

#define COMPLAIN(r, place, format, ...)                                                                      \
    option_complain("%s, character %zu: " format, (r)->variable, (size_t)((place) - (r)->text) + 1,          \
                    __VA_ARGS__)

static struct configured *of(const char *target)
{
    for (struct configured *g = all; g != NULL; g = g->next)
        if (strcmp(g->target, target) == 0)
            return g;
    struct configured *g = os_zalloc(sizeof *g + strlen(target) + 1);
    if (g == NULL)
        return NULL;
    strcpy(g->target, target);
    g->next = all;
    return all = g;
}

/* Up to a blank, a semicolon or `stop`; in quotes up to the next. False: too long, or no end. */
static bool word(struct reading *r, char *to, char stop)
{
    bool quoted = *r->at == '"';
    const char *from = r->at + quoted;
    char ends[] = {' ', '\t', '\n', ';', stop, 0};
    size_t n = strcspn(from, quoted ? "\"" : ends);
    bool good = n < WORD_MAX && (!quoted || from[n] == '"');
    if (good) {
        memcpy(to, from, n);
        to[n] = 0;
    } else {
        COMPLAIN(r, r->at, "%s", n < WORD_MAX ? "the closing quote is missing" : "too long");
    }
    r->at = from + n + (quoted && from[n] == '"');
    return good;
}

static const char *copy(const char *text)
{
    char *to = os_alloc(strlen(text) + 1);
    return to != NULL ? strcpy(to, text) : NULL;
}

static void take(const struct reading *r, struct configured *g, const char *place, const char *name,
                 const char *value)
{
    struct setting_layer *layer = &g->layers[r->by];
    const char **events = strcmp(name, "invalidate_on") == 0 ? &g->invalidate_on
                          : strcmp(name, "expire_on") == 0   ? &g->expire_on
                                                             : NULL;
    uint32_t s = 0;
    enum function_mode kind;
    /* The environment is read first, and counts more. */
    if (events != NULL) {
        if (*events == NULL)
            *events = copy(value);
        return;
    }
    if (strcmp(name, "mode") == 0 && mode_named(value, &kind)) {
        layer->values[LAYER_MODE] = kind;
        layer->set |= 1u << LAYER_MODE;
        return;
    }
    if (strcmp(name, "percent") == 0 && mode_percent_of(value, &layer->values[LAYER_PERCENT])) {
        layer->set |= 1u << LAYER_PERCENT;
        return;
    }
    if (strcmp(name, "mode") == 0 || strcmp(name, "percent") == 0) {
        COMPLAIN(r, place, "%s=%.40s: write %s", name, value, name[0] == 'm' ? MODE_FORM : MODE_PERCENT_FORM);
        return;
    }
    while (s < SETTINGS && strcmp(setting_rows[s].name, name) != 0)
        s++;
    if (s == SETTINGS) {
        char names[SETTING_NAMES_ROOM];
        COMPLAIN(r, place, "no setting %.40s; there are:%s mode percent", name, setting_names(names));
    } else if (!setting_parse(&setting_rows[s], value, &layer->values[s])) {
        COMPLAIN(r, place, "%s=%.40s: write %s", name, value, setting_form(&setting_rows[s]));
    } else {
        layer->set |= 1u << s;
    }
}

/* One target and what is said of it. */
static void item(struct reading *r)
{
    char target[WORD_MAX], name[WORD_MAX], value[WORD_MAX];
    const char *place = r->at;
    struct configured *g = NULL;
    if (word(r, target, 0)) {
        if (strncmp(target, "region:", 7) == 0 && region_valid(target + 7))
            g = of(target);
        else if (strpbrk(target, ":=()*") == NULL)
            g = of(target);
        else
            COMPLAIN(r, place, "%.80s: write a function's name, or region: and a region's", target);
    }
    for (;;) {
        r->at += strspn(r->at, " \t");
        place = r->at;
        if (*place == ';' || *place == '\n' || *place == 0)
            return;
        if (!word(r, name, '='))
            continue;
        bool pair = *r->at == '=' && name[0] != 0;
        if (!pair)
            COMPLAIN(r, place, "%.80s: write NAME=VALUE, such as ttl=20s", name[0] != 0 ? name : "=");
        if (*r->at != '=')
            continue;
        r->at++;
        if (word(r, value, 0) && pair && g != NULL)
            take(r, g, place, name, value);
    }
}

void configured_read(void)
{
    static const struct {
        enum option option;
        const char *name;
        enum configured_by by;
    } sources[] = {{OPTION_SWR_SETTINGS, "SWR_SETTINGS", CONFIGURED_BY_ENVIRONMENT},
                   {OPTION_SWR_FILE_SETTINGS, "SWR_FILE_SETTINGS", CONFIGURED_BY_FILE}};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        struct reading r = {
            .variable = sources[i].name, .text = option_text(sources[i].option), .by = sources[i].by};
        for (r.at = r.text; r.at != NULL && *r.at != 0;) {
            r.at += strspn(r.at, " \t\n;");
            if (*r.at != 0)
                item(&r);
        }
    }
}

void configured_regions(void (*visit)(const char *name))
{
    for (struct configured *g = all; g != NULL; g = g->next)
        if (strncmp(g->target, "region:", 7) == 0)
            visit(g->target + 7);
}

const struct configured *configured_for(const char *kind, const char *name)
{
    size_t n = strlen(kind);
    for (const struct configured *g = all; g != NULL; g = g->next)
        if (strncmp(g->target, kind, n) == 0 && strcmp(g->target + n, name) == 0)
            return g;
    return NULL;
}

const char *configured_function(const struct configured **at)
{
    for (*at = *at == NULL ? all : (*at)->next; *at != NULL; *at = (*at)->next)
        if (strncmp((*at)->target, "region:", 7) != 0)
            return (*at)->target;
    return NULL;
}

bool region_valid(const char *name)
{
    bool part = false;
    if (strlen(name) > TARGET_NAME_MAX)
        return false; /* no target could name it */
    for (; *name != 0; name++) {
        if (*name == '.') {
            if (!part)
                return false;
            part = false;
        } else if (isalnum((unsigned char)*name) || *name == '_' || *name == '-') {
            part = true;
        } else {
            return false;
        }
    }
    return part;
}
