/* What stub_x86_64.S does, on aarch64: the slot comes in x16, and x8 is kept for who returns a structure. */
#if defined(__aarch64__)
    .text
    .globl swrcache_stub
    .type swrcache_stub, %function
    .p2align 4
swrcache_stub:
    .cfi_startproc
    hint #34
    sub sp, sp, #224
    .cfi_def_cfa_offset 224
    stp x29, x30, [sp, #208]
    .cfi_offset x29, -16
    .cfi_offset x30, -8
    add x29, sp, #208
    stp x0, x1, [sp]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    str x8, [sp, #64]
    stp q0, q1, [sp, #80]
    stp q2, q3, [sp, #112]
    stp q4, q5, [sp, #144]
    stp q6, q7, [sp, #176]
    mov x0, x16
    mov x1, sp
    bl interpose_enter
    cbnz x0, 1f
    ldr x0, [sp]
    ldr q0, [sp, #80]
    ldp x29, x30, [sp, #208]
    add sp, sp, #224
    .cfi_remember_state
    .cfi_restore x29
    .cfi_restore x30
    .cfi_def_cfa_offset 0
    ret
    .cfi_restore_state
1:  mov x16, x0
    ldp x0, x1, [sp]
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldr x8, [sp, #64]
    ldp q0, q1, [sp, #80]
    ldp q2, q3, [sp, #112]
    ldp q4, q5, [sp, #144]
    ldp q6, q7, [sp, #176]
    ldp x29, x30, [sp, #208]
    add sp, sp, #224
    .cfi_restore x29
    .cfi_restore x30
    .cfi_def_cfa_offset 0
    br x16
    .cfi_endproc
    .size swrcache_stub, . - swrcache_stub

    .globl interpose_invoke
    .hidden interpose_invoke
    .type interpose_invoke, %function
    .p2align 4
interpose_invoke:
    .cfi_startproc
    hint #34
    stp x29, x30, [sp, #-32]!
    .cfi_def_cfa_offset 32
    .cfi_offset x29, -32
    .cfi_offset x30, -24
    mov x29, sp
    .cfi_def_cfa_register x29
    str x19, [sp, #16]
    .cfi_offset x19, -16
    mov x19, x1
    mov x16, x0
    add x9, x2, #1
    and x9, x9, #-2
    sub sp, sp, x9, lsl #3
    add x10, x19, #224
1:  subs x2, x2, #1
    b.mi 2f
    ldr x11, [x10, x2, lsl #3]
    str x11, [sp, x2, lsl #3]
    b 1b
2:  ldp x0, x1, [x19]
    ldp x2, x3, [x19, #16]
    ldp x4, x5, [x19, #32]
    ldp x6, x7, [x19, #48]
    ldr x8, [x19, #64]
    ldp q0, q1, [x19, #80]
    ldp q2, q3, [x19, #112]
    ldp q4, q5, [x19, #144]
    ldp q6, q7, [x19, #176]
    blr x16
    str x0, [x19]
    str q0, [x19, #80]
    mov sp, x29
    ldr x19, [sp, #16]
    ldp x29, x30, [sp], #32
    .cfi_restore x19
    .cfi_restore x29
    .cfi_restore x30
    .cfi_def_cfa sp, 0
    ret
    .cfi_endproc
    .size interpose_invoke, . - interpose_invoke
#endif
    .section .note.GNU-stack, "", %progbits
