#include "request.h"
#include "reply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__thread int request_peer __attribute__((tls_model("initial-exec")));

struct function *request_function(const char *name, uint32_t *from)
{
    struct function *f;
    while ((f = function_next(from)) != NULL && strcmp(f->site->name, name) != 0)
        function_release(f);
    return f;
}

void request_unknown(struct wire_buffer *out, const char *name)
{
    char text[ERROR_TEXT];
    int n = snprintf(text, sizeof text, "no function %.100s here; there are:", name);
    struct function *f;
    for (uint32_t at = 0; n > 0 && (size_t)n < sizeof text && (f = function_next(&at)) != NULL;
         function_release(f))
        n += snprintf(text + n, sizeof text - (size_t)n, " %s", f->site->name);
    reply_ok(out);
    wire_number(out, "matched", 0);
    wire_field(out, "why", function_known() != 0 ? text : "no function was called or loaded yet");
}

bool request_fits(const struct target *t, struct function *f, char *why, size_t room)
{
    if (t->kind == TARGET_CALL && function_secret(f)) {
        snprintf(why, room, "%s is secret: its calls cannot be named here; write %s for all of it", t->name,
                 t->name);
        return false;
    }
    return target_fits(t, &f->shape, why, room);
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

bool request_page(const struct wire_line *request, uint64_t *from, uint64_t *skip, struct wire_buffer *out)
{
    bool numbers = request_number(request, "from", 0, from) && request_number(request, "skip", 0, skip);
    if (!numbers)
        reply_error(out, "from and skip are numbers");
    return numbers;
}
