#define _GNU_SOURCE
#include "names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "terminal/text.h"

static size_t hash_of(const char *text, size_t len)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
    return (size_t)(h ^ h >> 32);
}

static struct name *find(const struct names *names, const char *text, size_t len)
{
    if (names->nbuckets == 0)
        return NULL;
    for (size_t at = names->buckets[hash_of(text, len) & (names->nbuckets - 1)]; at != 0;) {
        struct name *n = &names->list[at - 1];
        if (strncmp(n->text, text, len) == 0 && n->text[len] == 0)
            return n;
        at = n->next;
    }
    return NULL;
}

const struct name *names_find(const struct names *names, const char *text, size_t len)
{
    return find(names, text, len);
}

static void link_name(struct names *names, size_t i)
{
    struct name *n = &names->list[i];
    size_t *bucket = &names->buckets[hash_of(n->text, strlen(n->text)) & (names->nbuckets - 1)];
    n->next = *bucket;
    *bucket = i + 1;
}

static void grow(struct names *names)
{
    names->room = names->room != 0 ? names->room * 2 : 64;
    names->nbuckets = names->room * 2;
    names->list = text_need(reallocarray(names->list, names->room, sizeof *names->list));
    free(names->buckets);
    names->buckets = text_need(calloc(names->nbuckets, sizeof *names->buckets));
    for (size_t i = 0; i < names->count; i++)
        link_name(names, i);
}

bool names_put(struct names *names, const char *text, size_t len, const char *words)
{
    struct name *there = find(names, text, len);
    char *copy = words != NULL ? text_need(strdup(words)) : NULL;
    if (there != NULL) {
        free(there->words);
        there->words = copy;
        return false;
    }
    if (names->count == names->room)
        grow(names);
    names->list[names->count] = (struct name){text_need(strndup(text, len)), copy, 0};
    link_name(names, names->count++);
    return true;
}

void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->list[i].text);
        free(names->list[i].words);
    }
    free(names->list);
    free(names->buckets);
    *names = (struct names){0};
}
