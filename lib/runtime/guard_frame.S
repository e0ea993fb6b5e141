/* The frame of guard.h: its only purpose is to carry guard_personality. */
#if defined(__x86_64__)
    .text
    .globl guard_call
    .hidden guard_call
    .type guard_call, @function
guard_call:
    .cfi_startproc
    .cfi_personality 0x9b, guard_personality_reference
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
    .size guard_call, . - guard_call
    .section .data.rel.ro, "aw", @progbits
    .align 8
guard_personality_reference:
    .quad guard_personality
#elif defined(__aarch64__)
    .text
    .globl guard_call
    .hidden guard_call
    .type guard_call, %function
guard_call:
    .cfi_startproc
    .cfi_personality 0x9b, guard_personality_reference
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
    .size guard_call, . - guard_call
    .section .data.rel.ro, "aw", @progbits
    .align 3
guard_personality_reference:
    .quad guard_personality
#endif
    .section .note.GNU-stack, "", %progbits
