/* The frames of guard.h: their only purpose is to carry a personality. */
#if defined(__x86_64__)
    .macro guard name, reference
    .text
    .globl \name
    .hidden \name
    .type \name, @function
\name:
    .cfi_startproc
    .cfi_personality 0x9b, \reference
    endbr64
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    movq %rdi, %rax
    movq %rsi, %rdi
    movq %rdx, %rsi
    call *%rax
    popq %rbp
    .cfi_def_cfa %rsp, 8
    ret
    .cfi_endproc
    .size \name, . - \name
    .endm
#elif defined(__aarch64__)
    .macro guard name, reference
    .text
    .globl \name
    .hidden \name
    .type \name, %function
\name:
    .cfi_startproc
    .cfi_personality 0x9b, \reference
    hint #34
    stp x29, x30, [sp, #-16]!
    .cfi_def_cfa_offset 16
    .cfi_offset x29, -16
    .cfi_offset x30, -8
    mov x29, sp
    mov x9, x0
    mov x0, x1
    mov x1, x2
    blr x9
    ldp x29, x30, [sp], #16
    .cfi_restore x29
    .cfi_restore x30
    .cfi_def_cfa_offset 0
    ret
    .cfi_endproc
    .size \name, . - \name
    .endm
#endif
    guard guard_call, guard_personality_reference
    guard guard_catch, guard_catch_personality_reference

    .section .data.rel.ro, "aw", %progbits
    .balign 8
    /* Global: the linker takes two local ones for the same and gives both frames one personality. */
    .globl guard_personality_reference, guard_catch_personality_reference
    .hidden guard_personality_reference, guard_catch_personality_reference
guard_personality_reference:
    .quad guard_personality
guard_catch_personality_reference:
    .quad guard_catch_personality
    .section .note.GNU-stack, "", %progbits
