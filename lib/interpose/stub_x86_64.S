/*
 * The way from a generated stub into the runtime and out of it again, on x86-64 (slot.h shows the frame).
 *
 * swrcache_stub comes here by a jump with the slot in r11: the caller's registers and stack are as the function
 * would have found them. interpose_enter(slot, frame) answers NULL, and the result stands in the frame, or the
 * function to go on to as if nothing had been.
 *
 * interpose_invoke(function, frame, words) calls a function with the registers and stack words of a frame and
 * leaves its result there.
 */
#if defined(__x86_64__)
    .text
    .globl swrcache_stub
    .type swrcache_stub, @function
    .p2align 4
swrcache_stub:
    .cfi_startproc
    endbr64
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    subq $208, %rsp
    movq %rdi, (%rsp)
    movq %rsi, 8(%rsp)
    movq %rdx, 16(%rsp)
    movq %rcx, 24(%rsp)
    movq %r8, 32(%rsp)
    movq %r9, 40(%rsp)
    movq %rax, 48(%rsp)
    movq %r10, 56(%rsp)
    movaps %xmm0, 64(%rsp)
    movaps %xmm1, 80(%rsp)
    movaps %xmm2, 96(%rsp)
    movaps %xmm3, 112(%rsp)
    movaps %xmm4, 128(%rsp)
    movaps %xmm5, 144(%rsp)
    movaps %xmm6, 160(%rsp)
    movaps %xmm7, 176(%rsp)
    movq %r11, %rdi
    movq %rsp, %rsi
    call interpose_enter
    testq %rax, %rax
    jnz 1f
    movq 48(%rsp), %rax
    movaps 64(%rsp), %xmm0
    leave
    .cfi_remember_state
    .cfi_def_cfa %rsp, 8
    ret
    .cfi_restore_state
1:  movq %rax, %r11
    movq (%rsp), %rdi
    movq 8(%rsp), %rsi
    movq 16(%rsp), %rdx
    movq 24(%rsp), %rcx
    movq 32(%rsp), %r8
    movq 40(%rsp), %r9
    movq 48(%rsp), %rax
    movq 56(%rsp), %r10
    movaps 64(%rsp), %xmm0
    movaps 80(%rsp), %xmm1
    movaps 96(%rsp), %xmm2
    movaps 112(%rsp), %xmm3
    movaps 128(%rsp), %xmm4
    movaps 144(%rsp), %xmm5
    movaps 160(%rsp), %xmm6
    movaps 176(%rsp), %xmm7
    leave
    .cfi_def_cfa %rsp, 8
    jmp *%r11
    .cfi_endproc
    .size swrcache_stub, . - swrcache_stub

    .globl interpose_invoke
    .hidden interpose_invoke
    .type interpose_invoke, @function
    .p2align 4
interpose_invoke:
    .cfi_startproc
    endbr64
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    pushq %rbx
    .cfi_offset %rbx, -24
    movq %rsi, %rbx
    movq %rdi, %r11
    movq %rdx, %rcx
    orq $1, %rcx                /* with rbx, an even number of words */
    negq %rcx
    leaq (%rsp, %rcx, 8), %rsp
1:  subq $1, %rdx
    js 2f
    movq 224(%rbx, %rdx, 8), %rax
    movq %rax, (%rsp, %rdx, 8)
    jmp 1b
2:  movq (%rbx), %rdi
    movq 8(%rbx), %rsi
    movq 16(%rbx), %rdx
    movq 24(%rbx), %rcx
    movq 32(%rbx), %r8
    movq 40(%rbx), %r9
    movq 48(%rbx), %rax
    movaps 64(%rbx), %xmm0
    movaps 80(%rbx), %xmm1
    movaps 96(%rbx), %xmm2
    movaps 112(%rbx), %xmm3
    movaps 128(%rbx), %xmm4
    movaps 144(%rbx), %xmm5
    movaps 160(%rbx), %xmm6
    movaps 176(%rbx), %xmm7
    call *%r11
    movq %rax, 48(%rbx)
    movaps %xmm0, 64(%rbx)
    leaq -8(%rbp), %rsp
    popq %rbx
    popq %rbp
    .cfi_def_cfa %rsp, 8
    ret
    .cfi_endproc
    .size interpose_invoke, . - interpose_invoke
#endif
    .section .note.GNU-stack, "", %progbits
