/* leaks_names.c - looks names up, under the preset and a leak checker: users, groups, hosts and services. */
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>

int main(void)
{
    for (int round = 0; round < 3; round++) {
        struct addrinfo *list = NULL;
        for (unsigned id = 0; id < 300; id++) {
            getpwuid(id);
            getgrgid(id);
        }
        getpwnam("root");
        getgrnam("root");
        getservbyname("http", "tcp");
        if (getaddrinfo("localhost", "80", NULL, &list) == 0)
            freeaddrinfo(list);
    }
    return 0;
}
