/* Keys of one's own, codecs, steps; every number that can be rounded. */
#include <swrcache.h>

#include <stdio.h>
#include <stdlib.h>

struct user {
    int id;
};

SWR_KEY(by_day, (SWR_STR(city), SWR_VAL(long, when)), buffer, room)
{
    return (size_t)snprintf(buffer, room, "%s %ld", city, when / 86400);
}
SWR_CACHED(double, forecast, (SWR_STR(city), SWR_VAL(long, when)), .key = by_day)
{
    return city ? (double)when : 0;
}
SWR_KEY(nothing, (), key, room)
{
    (void)key;
    (void)room;
    return 0;
}
SWR_CACHED_VOID(all_the_same, (), .key = nothing)
{
}

static size_t encode_user(const struct user *user, void *buffer, size_t room)
{
    return (size_t)snprintf(buffer, room, "%d", user->id);
}
static struct user *decode_user(const void *bytes, size_t len)
{
    struct user *user = malloc(sizeof *user);

    (void)len;
    if (user)
        user->id = atoi(bytes);
    return user;
}
static struct user *copy_user(const struct user *user)
{
    struct user *copy = malloc(sizeof *copy);

    if (copy)
        *copy = *user;
    return copy;
}
SWR_CODEC(user_codec, struct user, encode_user, decode_user);
SWR_CACHED_OBJECT(struct user, user_of, (SWR_VAL(int, id)), copy_user, free, .codec = user_codec)
{
    struct user *user = malloc(sizeof *user);

    if (user)
        user->id = id;
    return user;
}

SWR_CACHED(double, climate,
           (SWR_QUANTISED(double, lat, 0.5), SWR_QUANTISED(float, lon, 0.25f),
            SWR_QUANTISED(int, height, 100), SWR_QUANTISED(unsigned long, when, 3600),
            SWR_QUANTISED(const short, s, 2)))
{
    return lat + lon + height + (double)when + s;
}

int main(void)
{
    struct user *user = user_of(7);
    double degrees = 0;
    int good = climate(1.7, -1.1f, -1, 3601, 5) == 1.5 - 1.25 - 100 + 3600 + 4 && user && user->id == 7 &&
               SWR_FORCED(forecast, &degrees, "Rome", 5) && degrees == 5;

    free(user);
    all_the_same();
    return !good;
}
