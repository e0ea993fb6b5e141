/* offered.h - what the library says of itself to programs in C. */
#ifndef OFFERED_H
#define OFFERED_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OFFERED_API
#define OFFERED_PURE __attribute__((const))
#define OFFERED_MOST                                                                                         \
    16 /* a comment                                                                                          \
          of two lines */

struct handle;
typedef struct handle *handle_t;
typedef unsigned int number_t;
typedef int compare_fn(const void *, const void *);
enum colour { RED, GREEN };

/* What the language can carry. */
OFFERED_API double scaled(const char *name, int days); // the one that is called
OFFERED_API OFFERED_PURE number_t doubled(number_t n);
extern const char *colour_name(enum colour c) __attribute__((cold));
long long wide(short a, unsigned char b, float c, _Bool d, char e, const char *__restrict f);
int nothing_in(void);

/* What it cannot. */
handle_t handle_new(const char *name);
int handle_size(handle_t h);
char *fresh_text(int n);
int filled(char *room, size_t len);
int counted(const char *bytes, size_t len);
int through(int *x);
int sorted(compare_fn *compare);
int logged(const char *format, ...);
long double exact(int n);
void silent(int n);
int versioned(int n);
static inline int local(int n)
{
    return n + 1;
}
int absent(int n);

#ifdef __cplusplus
}
#endif

#endif
