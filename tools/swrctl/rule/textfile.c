#define _GNU_SOURCE
#include "textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(struct textfile_error *error, const char *text)
{
    *error = (struct textfile_error){0};
    snprintf(error->text, sizeof error->text, "%s", text);
    return false;
}

static bool read_all(int fd, struct textfile *file, struct textfile_error *error)
{
    file->text = malloc(TEXTFILE_MOST + 2);
    file->len = 0;
    if (file->text == NULL)
        return fail(error, "no memory");
    for (ssize_t n = 1; n != 0 && file->len <= TEXTFILE_MOST;) {
        n = read(fd, file->text + file->len, TEXTFILE_MOST + 1 - file->len);
        if (n < 0 && errno != EINTR)
            return fail(error, strerror(errno));
        file->len += n > 0 ? (size_t)n : 0;
    }
    file->text[file->len] = 0;
    return file->len <= TEXTFILE_MOST || fail(error, "larger than 1 MiB: this is no file of rules");
}

static bool no_nul(const struct textfile *file, struct textfile_error *error)
{
    const char *nul = memchr(file->text, 0, file->len), *line = file->text;
    if (nul == NULL)
        return true;
    fail(error, "a NUL byte: this is no text");
    error->line = 1;
    for (const char *c = file->text; c < nul; c++)
        if (*c == '\n') {
            error->line++;
            line = c + 1;
        }
    error->column = (unsigned)(nul - line) + 1;
    return false;
}

static bool unchanged(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool textfile_read(const char *path, struct textfile *file, struct textfile_error *error)
{
    struct stat before, after;
    bool input = strcmp(path, "-") == 0, good;
    int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    *file = (struct textfile){0};
    if (fd < 0 || fstat(fd, &before) != 0)
        good = fail(error, strerror(errno));
    else if (S_ISDIR(before.st_mode))
        good = fail(error, strerror(EISDIR));
    else if (!input && !S_ISREG(before.st_mode))
        good = fail(error, "no regular file; what comes from a pipe is read from standard input, as -");
    else
        good = read_all(fd, file, error) && no_nul(file, error);
    if (good && !input && (fstat(fd, &after) != 0 || !unchanged(&before, &after)))
        good = fail(error, "it was changed while it was read; try again");
    if (fd >= 0 && !input)
        close(fd);
    if (!good) {
        free(file->text);
        file->text = NULL;
    }
    return good;
}
