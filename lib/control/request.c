#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct function *request_function(const char *name, uint32_t *from)
{
    uint32_t count = function_count();
    for (uint32_t i = *from; i < count; i++) {
        struct function *f = function_at(i);
        if (f != NULL && strcmp(f->site->name, name) == 0) {
            *from = i + 1;
            return f;
        }
    }
    return NULL;
}

const char *request_unknown(char *text, size_t room, const char *name)
{
    int n = snprintf(text, room, "no function %.100s here; there are:", name);
    uint32_t count = function_count();
    for (uint32_t i = 0; i < count && n > 0 && (size_t)n < room; i++)
        n += snprintf(text + n, room - (size_t)n, " %s",
                      function_at(i) != NULL ? function_at(i)->site->name : "");
    return text;
}

bool request_number(const struct wire_line *request, const char *name, uint64_t otherwise, uint64_t *value)
{
    const char *text = wire_get(request, name);
    char *end;
    *value = otherwise;
    if (text == NULL)
        return true;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == 0 && errno == 0;
}
