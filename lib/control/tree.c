#include "tree.h"
#include "reply.h"
#include "runtime/cache/cache.h"

#include <stdio.h>
#include <string.h>

enum { LIST_TEXT = 2048 };

struct list {
    char text[LIST_TEXT];
    size_t len;
    uint32_t left_out;
};

static void append(struct list *l, const char *item)
{
    size_t room = sizeof l->text - l->len;
    int n = snprintf(l->text + l->len, room, "%s%s", l->len == 0 ? "" : "; ", item);
    if (n > 0 && (size_t)n < room) {
        l->len += (size_t)n;
    } else {
        l->text[l->len] = 0;
        l->left_out++;
    }
}

static void write(struct wire_buffer *out, const char *name, struct list *l)
{
    char more[40];
    if (l->left_out != 0) {
        snprintf(more, sizeof more, "; and %u more", l->left_out);
        if (l->len + sizeof more < sizeof l->text)
            strcpy(l->text + l->len, more);
    }
    if (l->len != 0)
        wire_field(out, name, l->text);
}

static void append_entry(struct list *l, struct entry *e)
{
    char text[KEY_TEXT];
    struct key key = entry_key(e);
    reply_key_text(function_of_entry(e), &key, text, sizeof text);
    append(l, text);
}

static void append_key(struct list *l, const struct mark_name *n)
{
    char text[KEY_TEXT];
    reply_hash_text(function_at(n->function), n->hash, text, sizeof text);
    append(l, text);
}

static void append_walked(struct entry *e, uint64_t digest, void *cookie)
{
    (void)digest;
    append_entry(cookie, e);
    cache_unref(e);
}

void tree_fields(struct wire_buffer *out, struct function *f, struct entry *e)
{
    static struct list tags, stands, stood; /* nobody else comes here before they are written */
    struct mark_set *set = mark_set_of(e);
    char text[200];
    tags.len = stands.len = stood.len = tags.left_out = stands.left_out = stood.left_out = 0;
    for (uint32_t i = 0; set != NULL && i < set->count; i++) {
        const struct mark_name *n = &set->links[i].name;
        if (n->kind == MARK_TAG) {
            append(&tags, n->text);
        } else if (n->kind == MARK_KEY) {
            append_key(&stands, n);
        } else if (n->kind == MARK_ANY) {
            snprintf(text, sizeof text, "%.150s(any)", function_at(n->function)->site->name);
            append(&stands, text);
        }
    }
    mark_walk(mark_key(f->number, entry_hash(e)).id, append_walked, &stood);
    write(out, "tags", &tags);
    write(out, "stands_on", &stands);
    write(out, "stood_on_by", &stood);
}
