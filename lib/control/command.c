#include "command.h"
#include "reply.h"
#include "request.h"
#include "runtime/verb/relatives.h"

#include <string.h>

static const struct command {
    const char *verb, *fields;
    command_fn *run;
} commands[] = {
#define COMMAND(verb, fields, help) {#verb, fields, command_##verb},
#include "command.def"
#undef COMMAND
};

static bool word_in(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *s = words; len > 0 && (s = strstr(s, word)) != NULL; s += len)
        if ((s == words || s[-1] == ' ') && (s[len] == 0 || s[len] == ' '))
            return true;
    return false;
}

static void dispatch(char *request, struct wire_buffer *out)
{
    struct wire_line line; /* a quick one may come in the midst of another */
    const char *why = "no text";
    if (request == NULL || !wire_parse(&line, request, &why)) {
        reply_error(out, "%s", why);
        return;
    }
    for (uint32_t i = 0; line.verb != NULL && i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].verb, line.verb) != 0)
            continue;
        for (uint32_t k = 0; commands[i].fields != NULL && k < line.nfields; k++)
            if (!word_in(commands[i].fields, line.fields[k].name)) {
                reply_error(out, "%s has no field %.100s", line.verb, line.fields[k].name);
                return;
            }
        commands[i].run(&line, out);
        return;
    }
    reply_error(out, "no command %.100s; there are: "
#define COMMAND(verb, fields, help) #verb " "
#include "command.def"
#undef COMMAND
                ,
                line.verb != NULL ? line.verb : "");
}

bool command_quick(const char *line)
{
    static const char *const quick[] = {"ping", "functions", "stats", "inflight", "audit"};
    size_t len = strcspn(line, " \r\n");
    for (uint32_t i = 0; i < sizeof quick / sizeof quick[0]; i++)
        if (strlen(quick[i]) == len && memcmp(quick[i], line, len) == 0)
            return true;
    return false;
}

void command_run(int peer, char *request, struct wire_buffer *out)
{
    int before = request_peer;
    out->len = out->record = 0;
    out->full = false;
    out->max = WIRE_OUT_MAX - WIRE_STATUS_ROOM;
    request_peer = peer;
    relatives_obey(NULL); /* what is shown and done is after what others have done */
    dispatch(request, out);
    if (!wire_end(out)) {
        wire_text(out, "error the reply did not fit");
        wire_end(out);
    }
    request_peer = before;
}
