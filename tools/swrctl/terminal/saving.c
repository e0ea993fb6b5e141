#define _GNU_SOURCE
#include "saving.h"

#include <stdlib.h>
#include <string.h>
#include "text.h"

static const uint64_t ttls[OBSERVED_TTLS] = OBSERVED_TTL_SECONDS;

static const char *span(uint64_t ns, char *text, size_t room)
{
    if (ns < 10000)
        snprintf(text, room, "%llu ns", (unsigned long long)ns);
    else if (ns < 10000000)
        snprintf(text, room, "%.1f us", (double)ns / 1e3);
    else if (ns < UINT64_C(10000000000))
        snprintf(text, room, "%.1f ms", (double)ns / 1e6);
    else
        snprintf(text, room, "%.1f s", (double)ns / 1e9);
    return text;
}

static const char *memory(uint64_t bytes, char *text, size_t room)
{
    if (bytes < 10000)
        snprintf(text, room, "%llu B", (unsigned long long)bytes);
    else if (bytes < 10 << 20)
        snprintf(text, room, "%.1f KB", (double)bytes / 1024);
    else
        snprintf(text, room, "%.1f MB", (double)bytes / 1048576);
    return text;
}

static const char *ttl_text(int i)
{
    return ttls[i] == 1 ? "1s" : ttls[i] == 10 ? "10s" : "1m";
}

/* What nobody would notice: less than a millisecond, and than a thousandth of the run. */
static bool is_little(uint64_t saved, uint64_t run)
{
    return saved < 1000000 && saved < run / 1000;
}

/* The longest lifetime that served nothing outdated; -1: none, or none that pays. */
static int best(const struct advise_sum *s, uint64_t run)
{
    int found = -1;
    for (int i = 0; i < OBSERVED_TTLS && s->opaque == 0; i++)
        if (s->differ[i] == 0 && s->hits[i] != 0 && s->saved[i] > s->hits[i] * 1000 &&
            !is_little(s->saved[i], run))
            found = i;
    return found;
}

/* Where results change unsaid nothing older than the ttl may be served, unless somebody said how long. */
static void print_line(FILE *out, const struct advise_sum *s, int ttl, const struct advise_line *line)
{
    const char *stale = s->changes == s->told || s->stale ? "" : line->section ? "\n  stale = 0" : " stale=0";
    if (line->section) {
        text_print(out, "  %s\n  ttl = %s", line->before, ttl_text(ttl));
        fputs(stale, out);
        fputc('\n', out);
    } else if (line->argument != NULL) {
        char whole[4096];
        /* Who wrote how long old answers may be served has decided that. */
        snprintf(whole, sizeof whole, "%s ttl=%s%s", line->argument, ttl_text(ttl),
                 strstr(line->argument, " stale=") == NULL ? stale : "");
        char *word = text_word(whole);
        text_print(out, "  %s%s\n", line->before, word);
        free(word);
    } else {
        text_print(out, "  %s%s ttl=%s%s", line->before, line->name, ttl_text(ttl), stale);
        if (line->then != NULL)
            text_print(out, " && %s%s%s", line->then, line->name, line->end);
        fputc('\n', out);
    }
}

static void print_changes(FILE *out, const struct advise_sum *s)
{
    char a[32];
    if (s->opaque != 0)
        fputs("  its results cannot be compared without a codec (SWR_CODEC, SWR_ENCODER)\n", out);
    else if (s->changes == 0)
        fputs("  no key's result ever changed\n", out);
    else if (s->told == s->changes)
        text_print(out,
                   "  the result changed %llu time%s for an unchanged key, each time taken back by the "
                   "program: kept "
                   "right by its invalidations\n",
                   (unsigned long long)s->changes, s->changes == 1 ? "" : "s");
    else
        text_print(out, "  the result changed %llu time%s for an unchanged key, soonest after %s\n",
                   (unsigned long long)s->changes, s->changes == 1 ? "" : "s",
                   span(s->shortest, a, sizeof a));
    if (s->told != 0 && s->told != s->changes)
        text_print(out, "  %llu of these changes came after the program had taken the old result back\n",
                   (unsigned long long)s->told);
    if (s->uncounted != 0)
        text_print(out, "  %llu calls had more keys than are counted\n", (unsigned long long)s->uncounted);
}

void advise_print(FILE *out, const struct advise_sum *s, const char *name, uint64_t ns,
                  const struct advise_line *line)
{
    char a[32], b[32], share[64];
    double part = ns != 0 ? (double)s->ns / (double)ns : 0;
    snprintf(share, sizeof share, part > 1 ? "as %.1f threads that do nothing else" : "%.1f %% of the run",
             part > 1 ? part : 100 * part);
    text_print(out, "\n%s: %llu call%s of %llu key%s, %s of thread time, %s, %s a call\n", name,
               (unsigned long long)s->calls, s->calls == 1 ? "" : "s", (unsigned long long)s->keys,
               s->keys == 1 ? "" : "s", span(s->ns, a, sizeof a), share,
               span(s->calls != 0 ? s->ns / s->calls : 0, b, sizeof b));
    if (s->calls == 0)
        return;
    text_print(out, "  %-8s %9s %12s %10s %10s\n", "ttl", "hits", "saves", "outdated", "memory");
    for (int i = 0; i < OBSERVED_TTLS; i++)
        text_print(out, "  %-8s %7.1f %% %12s %10llu %10s\n", ttl_text(i),
                   100.0 * (double)s->hits[i] / (double)s->calls, span(s->saved[i], a, sizeof a),
                   (unsigned long long)s->differ[i], memory(s->most[i], b, sizeof b));
    for (int i = 0; i < OBSERVED_TTLS && s->stale; i++)
        text_print(out, "  with %s, %.1f %% are stale hits, %llu of them old by design\n", ttl_text(i),
                   100.0 * (double)s->stale_hits[i] / (double)s->calls, (unsigned long long)s->old[i]);
    print_changes(out, s);
    int i = best(s, ns);
    if (i >= 0)
        print_line(out, s, i, line);
    else
        text_print(out, "  not worth caching: %s\n",
                   s->opaque != 0                    ? "nobody knows how long an answer holds"
                   : s->hits[OBSERVED_TTLS - 1] == 0 ? "no key comes twice within a minute"
                   : s->differ[0] != 0               ? "results change sooner than in a second"
                   : s->saved[OBSERVED_TTLS - 1] > s->hits[OBSERVED_TTLS - 1] * 1000
                       ? "it would save less than a thousandth of the run"
                       : "a call costs less than a look into the cache");
}
