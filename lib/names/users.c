#include "record.h"

#include <pwd.h>

static const struct record record = {
    .size = sizeof(struct passwd),
    .nfields = 5,
    .fields = {{offsetof(struct passwd, pw_name), FIELD_TEXT},
               {offsetof(struct passwd, pw_passwd), FIELD_TEXT},
               {offsetof(struct passwd, pw_gecos), FIELD_TEXT},
               {offsetof(struct passwd, pw_dir), FIELD_TEXT},
               {offsetof(struct passwd, pw_shell), FIELD_TEXT}},
};

#define RECORD    passwd
#define ID        uid_t
#define BY_NAME   getpwnam
#define BY_NAME_R getpwnam_r
#define BY_ID     getpwuid
#define BY_ID_R   getpwuid_r
#define TOPIC     TOPIC_USERS
#define REGION    "names.users"
#include "accounts.h"
