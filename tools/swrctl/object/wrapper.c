#include "wrapper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "image.h"
#include "interpose/slot.h"

/* Where each thing of a rule lies in the image, from the filling before. */
struct place {
    size_t head, next;
    uint64_t slot, stub, replay, params, policy;
    uint64_t name, library, version, from, region, tags, invalidate_on, expire_on, result_type, file;
    uint64_t names[DECLARATION_PARAMS], types[DECLARATION_PARAMS];
};

struct making {
    const struct declaration *rules;
    size_t count;
    const struct machine *machine;
    bool hook;
    struct image image;
    struct place *places; /* of the rules, and of the hook */
    uint64_t object, entry;
};

/* Which rules share a stub: head, the first of that function and version; next, the one after, `count` at the
 * end. */
static void link_rules(struct making *m)
{
    for (size_t i = 0; i < m->count; i++) {
        size_t j = 0, last = i;
        while (j < i && (m->places[j].head != j || strcmp(m->rules[j].name, m->rules[i].name) != 0 ||
                         strcmp(m->rules[j].version, m->rules[i].version) != 0))
            j++;
        m->places[i].head = j;
        m->places[i].next = m->count;
        for (last = j; last != i && m->places[last].next != m->count; last = m->places[last].next)
            ;
        if (last != i)
            m->places[last].next = i;
    }
}

/* Which word of the frame each parameter travels in: the same rule on both machines. */
static void assign(const struct machine *machine, const struct declaration *d, struct interpose_slot *slot)
{
    uint32_t general = 0;
    for (uint32_t i = 0; i < d->nparams; i++) {
        const struct declared_param *p = &d->params[i];
        bool vector = p->kind == SWRCACHE_KIND_VAL && p->cls == SWRCACHE_CLASS_FLOAT;
        if (vector && slot->nvectors < FRAME_VECTORS)
            slot->where[i] = (int16_t)(machine->vector + FRAME_VECTOR_STEP * slot->nvectors++);
        else if (!vector && general < machine->generals)
            slot->where[i] = (int16_t)(FRAME_GENERAL + 8 * general++);
        else
            slot->where[i] = (int16_t)(FRAME_STACK + 8 * slot->nstack++);
        slot->length[i] = (int16_t)p->length;
        slot->fixed[i] = p->fixed;
    }
}

/* A structure whose pointers are put down as words that move with the object. */
struct record {
    struct image *image;
    enum section_name section;
    const char *bytes;
    size_t done;
};

static void record_plain(struct record *r, size_t until)
{
    image_put(r->image, r->section, r->bytes + r->done, until - r->done);
    r->done = until;
}

static void record_pointer(struct record *r, size_t offset, uint64_t address)
{
    record_plain(r, offset);
    image_pointer(r->image, r->section, address);
    r->done += sizeof(void *);
}

static const char *said(const char *text)
{
    return text[0] != 0 ? text : NULL;
}

static void put_strings(struct making *m, const struct declaration *d, struct place *at)
{
    struct image *image = &m->image;
    at->name = image_string(image, d->name);
    at->library = image_string(image, said(d->library));
    at->version = image_string(image, said(d->version));
    at->from = image_string(image, said(d->from));
    at->region = image_string(image, said(d->region));
    at->tags = image_string(image, said(d->tags));
    at->invalidate_on = image_string(image, said(d->invalidate_on));
    at->expire_on = image_string(image, said(d->expire_on));
    at->result_type = image_string(image, d->result_type);
    at->file = image_string(image, "");
    for (uint32_t i = 0; i < d->nparams; i++) {
        at->names[i] = image_string(image, d->params[i].name);
        at->types[i] = image_string(image, d->params[i].type);
    }
}

static void put_params(struct making *m, const struct declaration *d, struct place *at)
{
    at->params = image_here(&m->image, SECTION_DATA);
    for (uint32_t i = 0; i < d->nparams; i++) {
        const struct declared_param *p = &d->params[i];
        struct swrcache_param param = {.kind = p->kind, .cls = p->cls, .size = p->size};
        struct record r = {&m->image, SECTION_DATA, (const char *)&param, 0};
        record_pointer(&r, offsetof(struct swrcache_param, name), at->names[i]);
        record_pointer(&r, offsetof(struct swrcache_param, type), at->types[i]);
        record_plain(&r, sizeof param);
    }
}

static void put_policy(struct making *m, const struct declaration *d, struct place *at)
{
    struct record r = {&m->image, SECTION_DATA, (const char *)&d->policy, 0};
    at->policy = image_here(&m->image, SECTION_DATA);
    record_pointer(&r, offsetof(struct swrcache_policy, region), at->region);
    record_pointer(&r, offsetof(struct swrcache_policy, tags), at->tags);
    record_pointer(&r, offsetof(struct swrcache_policy, invalidate_on), at->invalidate_on);
    record_pointer(&r, offsetof(struct swrcache_policy, expire_on), at->expire_on);
    record_plain(&r, sizeof d->policy);
}

static enum slot_result result_of(const struct declaration *d)
{
    return d->result == DECLARED_VOID   ? SLOT_VOID
           : d->result == DECLARED_STR  ? SLOT_STR
           : d->result == DECLARED_CSTR ? SLOT_CSTR
                                        : SLOT_SCALAR;
}

static uint32_t form_of(const struct declaration *d)
{
    return d->result == DECLARED_VOID   ? SWRCACHE_FORM_VOID
           : d->result == DECLARED_STR  ? SWRCACHE_FORM_STRING
           : d->result == DECLARED_CSTR ? SWRCACHE_FORM_OBJECT
                                        : SWRCACHE_FORM_VALUE;
}

/* `d` NULL: the hook's. */
static void put_slot(struct making *m, const struct declaration *d, struct place *at, uint64_t next,
                     uint64_t stub)
{
    struct interpose_slot slot = {
        .abi = SLOT_ABI, .size = sizeof slot, .what = d != NULL ? SLOT_FUNCTION : SLOT_DLSYM};
    if (d != NULL) {
        bool pointer = d->result == DECLARED_STR || d->result == DECLARED_CSTR;
        assign(m->machine, d, &slot);
        slot.result = result_of(d);
        slot.site = (struct swrcache_site){.abi = SWRCACHE_ABI,
                                           .size = sizeof slot.site,
                                           .form = form_of(d),
                                           .result_cls = pointer ? SWRCACHE_CLASS_POINTER : d->result_cls,
                                           .result_size = pointer ? sizeof(void *) : d->result_size,
                                           .nparams = d->nparams,
                                           .policy_size = sizeof(struct swrcache_policy),
                                           .flags = SWRCACHE_SITE_INTERPOSED | SWRCACHE_SITE_PLAIN};
    }
    struct record r = {&m->image, SECTION_DATA, (const char *)&slot, 0};
    at->slot = image_here(&m->image, SECTION_DATA);
#define SLOT(member) offsetof(struct interpose_slot, member)
    record_pointer(&r, SLOT(object), m->object);
    record_pointer(&r, SLOT(next), next);
    record_pointer(&r, SLOT(stub), stub);
    record_pointer(&r, SLOT(name), at->name);
    record_pointer(&r, SLOT(library), at->library);
    record_pointer(&r, SLOT(version), at->version);
    record_pointer(&r, SLOT(from), at->from);
    if (d != NULL) {
        record_pointer(&r, SLOT(site.name), at->name);
        record_pointer(&r, SLOT(site.file), at->file);
        record_pointer(&r, SLOT(site.result_type), at->result_type);
        record_pointer(&r, SLOT(site.params), at->params);
        record_pointer(&r, SLOT(site.policy), at->policy);
        record_pointer(&r, SLOT(site.run), at->replay);
    }
    record_plain(&r, sizeof slot);
#undef SLOT
}

static uint64_t put_code(struct making *m, const uint8_t *code)
{
    return image_put(&m->image, SECTION_TEXT, code, MACHINE_STUB_SIZE);
}

static void put_stub(struct making *m, struct place *at)
{
    uint8_t code[MACHINE_STUB_SIZE];
    m->machine->stub(code, image_here(&m->image, SECTION_TEXT), at->slot, m->entry);
    at->stub = put_code(m, code);
}

static void fill(struct making *m)
{
    struct image *image = &m->image;
    struct place *hook = &m->places[m->count];
    for (size_t i = 0; i < m->count; i++)
        put_strings(m, &m->rules[i], &m->places[i]);
    hook->name = m->hook ? image_string(image, "dlsym") : 0;
    for (size_t i = 0; i < m->count; i++) {
        uint8_t code[MACHINE_STUB_SIZE];
        struct place *at = &m->places[i];
        if (at->head == i)
            put_stub(m, at);
        m->machine->replay(code, image_here(image, SECTION_TEXT), at->slot,
                           offsetof(struct interpose_slot, replay));
        at->replay = put_code(m, code);
    }
    if (m->hook)
        put_stub(m, hook);
    for (size_t i = 0; i < m->count; i++) {
        put_params(m, &m->rules[i], &m->places[i]);
        put_policy(m, &m->rules[i], &m->places[i]);
    }
    image_align(image, SECTION_DATA, 16);
    struct interpose_object object = {.abi = SLOT_ABI, .nslots = (uint32_t)(m->count + m->hook)};
    struct record r = {image, SECTION_DATA, (const char *)&object, 0};
    uint64_t slots = image_here(image, SECTION_DATA) + sizeof object;
    m->object = image_here(image, SECTION_DATA);
    record_pointer(&r, offsetof(struct interpose_object, slots), slots);
    record_plain(&r, sizeof object);
    for (size_t i = 0; i < m->count; i++) {
        struct place *at = &m->places[i];
        put_slot(m, &m->rules[i], at, at->next < m->count ? m->places[at->next].slot : 0,
                 m->places[at->head].stub);
    }
    if (m->hook)
        put_slot(m, NULL, hook, 0, hook->stub);
    for (size_t i = 0; i < image->nsymbols; i++) {
        struct image_symbol *symbol = &image->symbols[i];
        if (symbol->undefined)
            m->entry = image_got(image, i + 1);
        else
            symbol->address = m->places[symbol->owner].stub;
    }
    image_tables(image);
}

static bool list_symbols(struct making *m)
{
    struct image *image = &m->image;
    image->symbols = calloc(m->count + 2, sizeof *image->symbols);
    if (image->symbols == NULL)
        return false;
    image->symbols[image->nsymbols++] = (struct image_symbol){.name = "swrcache_stub", .undefined = true};
    for (size_t i = 0; i < m->count; i++)
        if (m->places[i].head == i)
            image->symbols[image->nsymbols++] = (struct image_symbol){
                .name = m->rules[i].name, .version = said(m->rules[i].version), .owner = i};
    if (m->hook)
        image->symbols[image->nsymbols++] = (struct image_symbol){.name = "dlsym", .owner = m->count};
    image_sort(image);
    return true;
}

/* False: *rule disagrees with one before it. */
static bool agree(const struct making *m, size_t *rule, char *why, size_t room)
{
    for (size_t i = 0; i < m->count; i++) {
        size_t head = m->places[i].head;
        *rule = i;
        if (!declaration_same(&m->rules[head], &m->rules[i])) {
            snprintf(why, room,
                     "two rules for '%s' describe different functions; write the same prototype in both",
                     m->rules[i].name);
            return false;
        }
        for (size_t j = head; j < i; j = m->places[j].next)
            if (strcmp(m->rules[j].from, m->rules[i].from) == 0) {
                snprintf(why, room,
                         "'%s' has two rules for the same callers; leave one out or tell them apart by from=",
                         m->rules[i].name);
                return false;
            }
    }
    *rule = m->count;
    return true;
}

/* The content names the file, and the name is in the content: it is made once with none. */
bool wrapper_make(const struct declaration *rules, size_t count, const struct machine *machine, bool hook,
                  struct wrapper *w, char *why, size_t room)
{
    struct making m = {.rules = rules, .count = count, .machine = machine, .hook = hook};
    *w = (struct wrapper){.rule = count};
    m.places = calloc(count + 1, sizeof *m.places);
    if (m.places != NULL)
        link_rules(&m);
    if (m.places != NULL && !agree(&m, &w->rule, why, room)) {
        free(m.places);
        return false;
    }
    snprintf(why, room, "no memory for the wrapper");
    m.image.machine = machine;
    m.image.soname = w->name;
    uint64_t hash = 0;
    for (int round = 0; round < 2 && m.places != NULL && !m.image.failed; round++) {
        snprintf(w->name, sizeof w->name, "libswrcache-wrap-%016llx.so", (unsigned long long)hash);
        if (round == 0) {
            if (!list_symbols(&m))
                break;
            image_start(&m.image);
            fill(&m);
        }
        /* The first filling knew no place of anything, the second none that stays. */
        for (int again = 0; again < 3; again++) {
            image_layout(&m.image);
            fill(&m);
        }
        free(w->bytes);
        w->bytes = image_file(&m.image, &w->len);
        if (w->bytes != NULL)
            hash = XXH3_64bits(w->bytes, w->len);
    }
    if (w->bytes != NULL && w->len > machine->reach) {
        snprintf(why, room, "%zu functions are too many for one program", count);
        free(w->bytes);
        w->bytes = NULL;
    }
    image_free(&m.image);
    free(m.image.symbols);
    free(m.places);
    return w->bytes != NULL;
}
