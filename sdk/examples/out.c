/* out.c - results in out-parameters, and a key made of the fields that count. */
#include <swrcache.h>

#include <stdio.h>
#include <string.h>

struct route {
    int from, to;
    void *scratch; /* not part of the key */
};

SWR_CACHED(int, distance, (SWR_STRUCT(struct route, route, from, to), SWR_OUT(double, hours)),
           .fails = SWR_FAILS_NEGATIVE)
{
    int km = 10 * (route->to - route->from);

    *hours = km / 80.0;
    return km;
}

SWR_CACHED_VOID(stamp,
                (SWR_BYTES(data, len), SWR_VAL(size_t, len), SWR_OUT_BYTES(hex, room), SWR_VAL(size_t, room)))
{
    const unsigned char *bytes = data;
    char *text = hex;

    for (size_t i = 0; i < len && 2 * i + 3 <= room; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

int main(void)
{
    struct route route = {.from = 2, .to = 10};
    double hours = 0, again = 0;
    char hex[8] = "";
    int km = distance(&route, &hours);

    route.scratch = &route;
    if (distance(&route, &again) != km || again != hours || km != 80 || hours != 1)
        return 1;
    stamp("\x01\xff", 2, hex, sizeof hex);
    printf("%d km in %g h, %s\n", km, hours, hex);
    return strcmp(hex, "01ff") != 0;
}
