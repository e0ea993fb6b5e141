#include "reply.h"
#include "request.h"
#include "runtime/compute/flight.h"
#include "base/clock.h"

enum { FLIGHTS = 256, FLIGHT_TEXT = 192 };

struct flying {
    uint32_t count, left_out;
    struct {
        struct function *f;
        int tid;
        bool refresh, fenced, expired;
        uint64_t started;
        char key[FLIGHT_TEXT];
    } flights[FLIGHTS];
};

static void flying_visit(struct flight *fl, void *cookie)
{
    struct flying *w = cookie;
    if (fl->beside)
        return;
    if (w->count == FLIGHTS) {
        w->left_out++;
        return;
    }
    w->flights[w->count].f = fl->function;
    w->flights[w->count].tid = fl->tid;
    w->flights[w->count].refresh = fl->refresh;
    w->flights[w->count].fenced = fl->fenced;
    w->flights[w->count].expired = fl->expired;
    w->flights[w->count].started = fl->started;
    reply_key_text(fl->function, &fl->key, w->flights[w->count].key, FLIGHT_TEXT);
    w->count++;
}

void command_inflight(const struct wire_line *request, struct wire_buffer *out)
{
    struct flying *w = os_zalloc(sizeof *w);
    uint64_t now = clock_now();
    (void)request;
    if (w == NULL) {
        reply_error(out, "no memory");
        return;
    }
    flight_each(flying_visit, w);
    for (uint32_t i = 0; i < w->count; i++) {
        wire_field(out, "function", w->flights[i].f->site->name);
        wire_field(out, "key", w->flights[i].key);
        wire_number(out, "tid", (uint64_t)w->flights[i].tid);
        wire_field(out, "kind", w->flights[i].refresh ? "refresh" : "miss");
        wire_number(out, "age_ms",
                    now > w->flights[i].started ? (now - w->flights[i].started) / NS_PER_MS : 0);
        wire_number(out, "fenced", w->flights[i].fenced);
        wire_number(out, "expired", w->flights[i].expired);
        w->left_out += !wire_end(out);
    }
    reply_ok(out);
    if (w->left_out != 0)
        wire_number(out, "left_out", w->left_out);
    os_free(w);
}
