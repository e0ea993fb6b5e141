#include "debug.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <string.h>

/* Types are made of types: of pointers to pointers to so many no declaration is made. */
enum { ROOM = 4096, POINTERS_MOST = 16 };

struct text {
    char bytes[ROOM];
    size_t len; /* ROOM: it did not fit */
};

static void put(struct text *t, const char *words)
{
    size_t n = strlen(words);
    if (t->len + n >= ROOM) {
        t->len = ROOM;
        return;
    }
    memcpy(t->bytes + t->len, words, n + 1);
    t->len += n;
}

/* A parameter's name that the language of declarations would take for a type. */
static bool is_type(const char *name)
{
    static const char *const words[] = {
        "str", "cstr", "opaque", "bytes", "out",
#define TYPE(name, cls, size) #name,
#define WORDS(words, name)    words,
#include "rule/type.def"
#undef TYPE
#undef WORDS
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], name) == 0)
            return true;
    return false;
}

/* What stands behind names of types and qualifiers; false: void. `constant`: const was among them. */
static bool peel(Dwarf_Die *type, bool *constant)
{
    for (int depth = 0; depth < 100; depth++) {
        Dwarf_Attribute attribute;
        switch (dwarf_tag(type)) {
        case DW_TAG_const_type:
            *constant = true;
            break;
        case DW_TAG_typedef:
        case DW_TAG_volatile_type:
        case DW_TAG_restrict_type:
        case DW_TAG_atomic_type:
            break;
        default:
            return true;
        }
        if (dwarf_attr_integrate(type, DW_AT_type, &attribute) == NULL ||
            dwarf_formref_die(&attribute, type) == NULL)
            return false;
    }
    return false;
}

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
    Dwarf_Attribute attribute;
    return dwarf_attr_integrate(die, DW_AT_type, &attribute) != NULL &&
           dwarf_formref_die(&attribute, type) != NULL;
}

static Dwarf_Word encoding_of(Dwarf_Die *type)
{
    Dwarf_Attribute attribute;
    Dwarf_Word encoding = 0;
    if (dwarf_attr_integrate(type, DW_AT_encoding, &attribute) != NULL)
        dwarf_formudata(&attribute, &encoding);
    return encoding;
}

static const char *scalar(Dwarf_Die *type)
{
    static const char *const integers[2][9] = {{[1] = "u8", [2] = "u16", [4] = "u32", [8] = "u64"},
                                               {[1] = "i8", [2] = "i16", [4] = "i32", [8] = "i64"}};
    int size = dwarf_bytesize(type), is_signed = 0;
    const char *name = dwarf_diename(type);
    switch (encoding_of(type)) {
    case DW_ATE_boolean:
        return size == 1 ? "bool" : "__int128";
    case DW_ATE_float:
        return size == 4 ? "f32" : size == 8 ? "f64" : "long double";
    case DW_ATE_complex_float:
        return "double _Complex";
    case DW_ATE_signed:
    case DW_ATE_signed_char:
        is_signed = 1;
        break;
    }
    if (size == 1 && name != NULL && strcmp(name, "char") == 0)
        return "char";
    return size >= 1 && size <= 8 && integers[is_signed][size] != NULL ? integers[is_signed][size]
                                                                       : "__int128";
}

static void put_type(struct text *t, Dwarf_Die *type, int pointers)
{
    bool constant = false;
    Dwarf_Die below;
    if (!peel(type, &constant)) {
        put(t, "void");
        return;
    }
    switch (dwarf_tag(type)) {
    case DW_TAG_base_type:
        put(t, scalar(type));
        break;
    case DW_TAG_enumeration_type:
        put(t, type_of(type, &below) && peel(&below, &constant) && dwarf_tag(&below) == DW_TAG_base_type
                   ? scalar(&below)
                   : "u32");
        break;
    case DW_TAG_pointer_type:
    case DW_TAG_reference_type:
    case DW_TAG_rvalue_reference_type:
        if (!type_of(type, &below) || pointers == POINTERS_MOST) {
            put(t, "void *");
            break;
        }
        constant = false;
        {
            Dwarf_Die plain = below;
            if (peel(&plain, &constant) && dwarf_tag(&plain) == DW_TAG_subroutine_type) {
                put(t, "i32 (*)()");
                break;
            }
        }
        put(t, constant ? "const " : "");
        put_type(t, &below, pointers + 1);
        put(t, " *");
        break;
    default: /* structures, arrays, what other languages have */
        put(t, "struct ");
        put(t, dwarf_diename(type) != NULL ? dwarf_diename(type) : "unnamed");
    }
}

/* The next of its siblings. They follow one another: what leads back is no debug information. */
static bool next_die(Dwarf_Die *die)
{
    Dwarf_Off here = dwarf_dieoffset(die);
    return dwarf_siblingof(die, die) == 0 && dwarf_dieoffset(die) > here;
}

static void put_parameters(struct text *t, Dwarf_Die *function)
{
    Dwarf_Die child, type;
    unsigned n = 0;
    put(t, "(");
    for (bool more = dwarf_child(function, &child) == 0; more && t->len < ROOM; more = next_die(&child)) {
        int tag = dwarf_tag(&child);
        if (tag != DW_TAG_formal_parameter && tag != DW_TAG_unspecified_parameters)
            continue;
        put(t, n++ != 0 ? ", " : "");
        if (tag == DW_TAG_unspecified_parameters) {
            put(t, "...");
            continue;
        }
        if (type_of(&child, &type))
            put_type(t, &type, 0);
        else
            put(t, "struct unknown");
        const char *name = dwarf_diename(&child);
        if (name != NULL) {
            put(t, " ");
            put(t, name);
            put(t, is_type(name) ? "_" : "");
        }
    }
    put(t, ")");
}

/* A function in C without a prototype takes what its callers like. */
static bool has_prototype(Dwarf_Die *unit, Dwarf_Die *function)
{
    int language = dwarf_srclang(unit);
    bool c = language == DW_LANG_C89 || language == DW_LANG_C || language == DW_LANG_C99 ||
             language == DW_LANG_C11;
    return !c || dwarf_hasattr_integrate(function, DW_AT_prototyped) != 0;
}

static void look(Dwarf_Die *unit, debug_visit *visit, void *cookie)
{
    Dwarf_Die die, type;
    for (bool more = dwarf_child(unit, &die) == 0; more; more = next_die(&die)) {
        Dwarf_Addr address;
        if (dwarf_tag(&die) != DW_TAG_subprogram || dwarf_lowpc(&die, &address) != 0)
            continue;
        struct text result = {.len = 0}, parameters = {.len = 0};
        if (type_of(&die, &type))
            put_type(&result, &type, 0);
        else
            put(&result, "void");
        if (has_prototype(unit, &die))
            put_parameters(&parameters, &die);
        else
            put(&parameters, "(...)");
        if (result.len < ROOM && parameters.len < ROOM)
            visit(address, result.bytes, parameters.bytes, cookie);
    }
}

bool debug_functions(const char *path, debug_visit *visit, void *cookie)
{
    static const Dwfl_Callbacks callbacks = {.find_debuginfo = dwfl_standard_find_debuginfo,
                                             .section_address = dwfl_offline_section_address,
                                             .find_elf = dwfl_build_id_find_elf};
    Dwfl *files = dwfl_begin(&callbacks);
    Dwfl_Module *module = files != NULL ? dwfl_report_offline(files, "", path, -1) : NULL;
    bool found = false;
    Dwarf_Addr bias;
    if (module != NULL && dwfl_report_end(files, NULL, NULL) == 0) {
        Dwarf *debug = dwfl_module_getdwarf(module, &bias);
        Dwarf_CU *unit = NULL;
        Dwarf_Die die, sub;
        uint8_t kind;
        while (debug != NULL && dwarf_get_units(debug, unit, &unit, NULL, &kind, &die, &sub) == 0) {
            found = true;
            look(&die, visit, cookie);
        }
    }
    if (files != NULL)
        dwfl_end(files);
    return found;
}
