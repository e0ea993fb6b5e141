#define _GNU_SOURCE
#include "prototypes.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "rules.h"
#include "terminal/text.h"

enum { WORDS_MOST = 4096 };

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$';
}

/* A name of a type may be made of others, and those of others: what grows beyond any type is none. */
static void keep(struct names *names, const char *name, size_t len, const char *words)
{
    if (words != NULL && strlen(words) < WORDS_MOST)
        names_put(names, name, len, words);
}

/* `#define PRICE_API`, which says nothing of a signature, or what compilers alone understand. */
static void take_directive(struct names *names, const char *line, size_t len)
{
    const char *end = line + len, *at = line + 1;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    if (end - at < 8 || strncmp(at, "define", 6) != 0 || (at[6] != ' ' && at[6] != '\t'))
        return;
    for (at += 6; at < end && (*at == ' ' || *at == '\t');)
        at++;
    size_t n = 0;
    while (at + n < end && in_word(at[n]))
        n++;
    const char *rest = at + n;
    while (rest < end && isspace((unsigned char)*rest))
        rest++;
    if (n != 0 && (rest == end || strncmp(rest, "__attribute__", 13) == 0 || strncmp(rest, "extern", 6) == 0))
        keep(names, at, n, "");
}

/* Comments, what the preprocessor is told, and line ends become blanks. */
static void blank_lines(char *text, struct names *names)
{
    bool begins = true;
    for (char *c = text; *c != 0;) {
        size_t n = 0;
        if (c[0] == '/' && c[1] == '*') {
            const char *end = strstr(c + 2, "*/");
            n = end != NULL ? (size_t)(end - c) + 2 : strlen(c);
        } else if (c[0] == '/' && c[1] == '/') {
            n = strcspn(c, "\n");
        } else if (begins && *c == '#') {
            for (bool comment = false; c[n] != 0 && (c[n] != '\n' || c[n - 1] == '\\' || comment); n++)
                comment = comment ? c[n] != '/' || c[n - 1] != '*' : c[n] == '*' && c[n - 1] == '/';
            take_directive(names, c, n);
        }
        begins = n == 0 && (*c == '\n' || (begins && isspace((unsigned char)*c)));
        if (n == 0 && isspace((unsigned char)*c))
            n = 1;
        memset(c, ' ', n);
        c += n != 0 ? n : 1;
    }
}

/* Where a string or character that begins at `c` ends: its last sign, or the last of the text. */
static char *quoted(char *c)
{
    char mark = *c;
    while (c[1] != 0 && *++c != mark)
        c += *c == '\\' && c[1] != 0;
    return c;
}

/* The end of what the parenthesis or brace at `c` encloses, behind its own; the end of the text without one.
 */
static char *behind(char *c)
{
    int depth = 0;
    for (; *c != 0; c++) {
        if (*c == '"' || *c == '\'')
            c = quoted(c);
        depth += *c == '(' || *c == '{';
        depth -= *c == ')' || *c == '}';
        if (depth == 0)
            return c + 1;
    }
    return c;
}

/* Words of gcc's that say nothing of the signature; with what they have in parentheses. */
static void blank_extensions(char *text)
{
    static const char *const words[] = {"__extension__", "__attribute__", "__attribute", "__asm__", "asm",
                                        "__asm",         "__restrict__",  "__restrict",  "restrict"};
    for (char *c = text; *c != 0; c++) {
        size_t n = 0;
        if (!in_word(*c) || (c != text && in_word(c[-1])))
            continue;
        while (in_word(c[n]))
            n++;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (strlen(words[i]) == n && memcmp(words[i], c, n) == 0) {
                char *end = c + n;
                if (strstr(words[i], "restrict") == NULL && strstr(words[i], "extension") == NULL &&
                    end[strspn(end, " ")] == '(')
                    end = behind(end + strspn(end, " "));
                memset(c, ' ', (size_t)(end - c));
            }
    }
}

static bool starts_with(const char *text, const char *word)
{
    size_t n = strlen(word);
    return strncmp(text, word, n) == 0 && !in_word(text[n]);
}

/* The text with names of types replaced; malloc'ed. */
static char *spelt_out(const struct names *names, const char *text)
{
    char *out = NULL;
    size_t room = 0;
    FILE *to = open_memstream(&out, &room);
    while (to != NULL && *text != 0) {
        size_t n = 0;
        while (in_word(text[n]))
            n++;
        const struct name *name = n != 0 ? names_find(names, text, n) : NULL;
        n += n == 0;
        if (name != NULL)
            fputs(name->words, to);
        else
            fwrite(text, 1, n, to);
        text += n;
    }
    return to != NULL && fclose(to) == 0 ? out : NULL;
}

/* The last word before `end`; `len` 0: none. */
static char *last_word(char *text, char *end, size_t *len)
{
    while (end > text && end[-1] == ' ')
        end--;
    char *start = end;
    while (start > text && in_word(start[-1]))
        start--;
    *len = (size_t)(end - start);
    return start;
}

/* "(name) (" */
static bool is_name_alone(const char *open)
{
    const char *at = open + 1 + strspn(open + 1, " ");
    size_t n = 0;
    while (in_word(at[n]))
        n++;
    at += n + strspn(at + n, " ");
    return n != 0 && *at == ')' && at[1 + strspn(at + 1, " ")] == '(';
}

/* An array's name cannot be replaced by words before it; a function's stands for a callback. */
static void take_typedef(char *text, struct names *names)
{
    char *open = strchr(text, '('), *name, *words;
    size_t n;
    if (open != NULL && open[1 + strspn(open + 1, " ")] == '*') {
        name = open + 1 + strspn(open + 1, "* ");
        for (n = 0; in_word(name[n]);)
            n++;
    } else if (open != NULL && is_name_alone(open)) {
        /* `typedef int (compare)(const void *)`: the parentheses are for readers. */
        name = open + 1 + strspn(open + 1, " ");
        for (n = 0; in_word(name[n]);)
            n++;
    } else {
        name = last_word(text, open != NULL ? open : text + strlen(text), &n);
    }
    if (n == 0 || (open == NULL && strpbrk(text, "[,") != NULL))
        return;
    char *copy = text_need(strndup(name, n));
    *name = 0;
    words = open != NULL ? strdup("i32 (*)()") : spelt_out(names, text);
    keep(names, copy, n, words);
    free(copy);
    free(words);
}

/*
 * One prototype; what follows its parenthesis. NULL: it is none. After the first of a statement only what is
 * surely one counts: there may be words of macros.
 */
static char *take_prototype(char *text, bool first, const struct names *names, prototypes_visit *visit,
                            void *cookie)
{
    char name[128];
    char *open = strchr(text, '('), *start;
    size_t n;
    if (open == NULL || starts_with(text, "static") || starts_with(text, "inline"))
        return NULL;
    start = last_word(text, open, &n);
    if (n == 0 || n >= sizeof name || start == text)
        return NULL;
    memcpy(name, start, n);
    name[n] = 0;
    char *end = behind(open), after = *end;
    *end = 0;
    char *plain = spelt_out(names, text);
    struct declaration d;
    struct declaration_error error;
    bool taken = plain != NULL && (first || declaration_parse(plain, &d, &error));
    if (taken)
        visit(name, plain, cookie);
    free(plain);
    *end = after;
    return taken ? end : NULL;
}

/* One statement, without what ends it; several prototypes where the semicolons between them were left out. */
static void take(char *text, struct names *names, prototypes_visit *visit, void *cookie)
{
    blank_extensions(text);
    text += strspn(text, " ");
    if (starts_with(text, "typedef")) {
        take_typedef(text + strlen("typedef"), names);
        return;
    }
    for (bool first = true; text != NULL; first = false)
        text = take_prototype(text + strspn(text, " "), first, names, visit, cookie);
}

/* `extern "C" {` encloses statements as if it were not there. */
static bool linkage(const char *text)
{
    text += strspn(text, " ");
    if (!starts_with(text, "extern"))
        return false;
    text += strlen("extern");
    text += strspn(text, " ");
    return text[0] == '"';
}

static void statements(char *text, struct names *names, prototypes_visit *visit, void *cookie)
{
    while (*text != 0) {
        char *end = text + strcspn(text, ";{}");
        char mark = *end;
        if (mark == '{' && !linkage(text)) {
            /* A body ends its statement, the members of a type do not. */
            bool body = memchr(text, '(', (size_t)(end - text)) != NULL;
            char *next = behind(end);
            if (body) {
                *end = 0;
                take(text, names, visit, cookie);
            } else {
                next += strcspn(next, ";");
            }
            text = next + (*next == ';');
            continue;
        }
        *end = 0;
        if (mark != '}')
            take(text, names, visit, cookie);
        text = end + (mark != 0);
    }
}

void prototypes_text(char *text, prototypes_visit *visit, void *cookie)
{
    struct names names = {0};
    blank_lines(text, &names);
    statements(text, &names, visit, cookie);
    names_free(&names);
}

bool prototypes_read(const char *path, prototypes_visit *visit, void *cookie, struct textfile_error *error)
{
    struct textfile file;
    if (!textfile_read(path, &file, error))
        return false;
    prototypes_text(file.text, visit, cookie);
    free(file.text);
    return true;
}
