# staged.sh - installs the build under test: `. staged.sh; stage BUILD DIRECTORY`. To be sourced.

# Installations of one build share a log: one at a time. The lock is held until the script ends.
stage() { # build, directory
    exec 9>"$1/meson-logs/install.lock"
    flock 9
    DESTDIR=$2 meson install -C "$1" --no-rebuild --quiet >"$2.log" 2>&1 || {
        cat "$2.log"
        return 1
    }
}

# What pkg-config says of it: staged_flags DIRECTORY pkg-config options...
staged_flags() {
    local root=$1 pc
    shift
    pc=$(find "$root" -name swrcache.pc) || return 1
    PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$root pkg-config "$@" swrcache
}
