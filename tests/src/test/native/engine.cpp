// Runs kernels on one OS thread. A fiber runs CUDA threads one after another; only when a thread waits at a barrier is
// another fiber taken, so that a kernel without barriers costs a plain loop.
//
// SIMCUDA_ORDER = forward | reverse | random: the order in which the threads of a block run.
// Found: illegal and misaligned addresses, barriers that not all threads reach or that they reach at different lines,
// and, because shared memory holds NaN at the start of every block, what is read before it is written.
#include "engine.h"

#undef threadIdx
#undef blockIdx
#undef blockDim
#undef gridDim
#undef __shared__

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

extern "C" {
__attribute__((visibility("default"))) simcuda::Thread* simcuda_thread = nullptr;
}

// There if the JVM was started with libasan or libtsan, which kernels compiled with sanitizers need.
extern "C" {
__attribute__((weak)) void __asan_unpoison_memory_region(const volatile void*, size_t);
__attribute__((weak)) void* __tsan_get_current_fiber();
__attribute__((weak)) void* __tsan_create_fiber(unsigned);
__attribute__((weak)) void __tsan_switch_to_fiber(void*, unsigned);
__attribute__((weak)) void __tsan_acquire(void*);
__attribute__((weak)) void __tsan_release(void*);
}

// Saves the callee-saved registers and the stack pointer, and goes on with another stack.
extern "C" void sim_switch(void** save, void* load);
asm(R"(
.text
.globl sim_switch
.hidden sim_switch
.type sim_switch,@function
sim_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp,(%rdi)
  movq %rsi,%rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size sim_switch,.-sim_switch
)");

namespace simcuda {
namespace {
constexpr size_t PAGE = 4096;
constexpr size_t STACK = 64 * 1024;
constexpr int SAVED_REGISTERS = 6;

enum class State : char { FRESH, READY, WAITING, DONE };

struct Fiber {
  void* sp = nullptr;
  char* stack = nullptr;
  void* tsan = nullptr;
};

struct Member {
  Thread variables;
  State state;
  int line;
  Fiber* fiber;
};

// Under ThreadSanitizer each CUDA thread of a block has a fiber of its own, or races between two threads that one fiber
// ran would look like one thread's order.
const bool races = __tsan_create_fiber != nullptr;

// What happens before what, for ThreadSanitizer: only barriers order the threads of a block.
void ordersAfter(void* what) {
  if (races) {
    __tsan_acquire(what);
  }
}

void ordersBefore(void* what) {
  if (races) {
    __tsan_release(what);
  }
}

struct Engine {
  std::vector<Fiber*> free;
  std::vector<Fiber*> usedInThisBlock;
  char started;
  char ended;
  char barriers[2];  // taken in turn: leaving one must not be ordered after reaching the next
  unsigned barrier = 0;
  std::vector<Member> members;
  std::vector<int> order;
  Fiber scheduler;
  const Kernel* kernel = nullptr;
  void** arguments = nullptr;
  int current = -1;
  int nextFresh = 0;
  int alive = 0;
  int waiting = 0;
  int error = SUCCESS;
  unsigned random = 1;
  char* signalStack = nullptr;
};

Engine engine;
volatile bool running = false;
pthread_t runner;

void fail(int code, const std::string& what) {
  if (engine.error != SUCCESS) {
    return;
  }
  engine.error = code;
  const Thread& t = engine.members[engine.current < 0 ? 0 : engine.current].variables;
  say("%s: kernel %s block (%u,%u,%u) thread (%u,%u,%u)", what.c_str(), engine.kernel->name, t.blockIdx.x,
      t.blockIdx.y, t.blockIdx.z, t.threadIdx.x, t.threadIdx.y, t.threadIdx.z);
}

int takeFresh() {
  while (engine.nextFresh < (int)engine.order.size()) {
    int i = engine.order[engine.nextFresh++];
    if (engine.members[i].state == State::FRESH) {
      return i;
    }
  }
  return -1;
}

void switchFiber(Fiber* from, Fiber* to) {
  if (races) {
    constexpr unsigned UNORDERED = 1;
    __tsan_switch_to_fiber(to->tsan, UNORDERED);
  }
  sim_switch(&from->sp, to->sp);
}

void toScheduler() { switchFiber(engine.members[engine.current].fiber, &engine.scheduler); }

void finishMember() {
  engine.members[engine.current].state = State::DONE;
  engine.alive--;
  if (engine.waiting > 0) {
    for (const Member& m : engine.members) {
      if (m.state == State::WAITING) {
        fail(LAUNCH_FAILED,
             "a thread returned while others wait at __syncthreads, line " + std::to_string(m.line));
        break;
      }
    }
  }
}

void runMembers() {
  for (;;) {
    ordersAfter(&engine.started);
    engine.kernel->invoke(engine.arguments);
    ordersBefore(&engine.ended);
    Fiber* f = engine.members[engine.current].fiber;
    finishMember();
    int next = engine.error == SUCCESS && !races ? takeFresh() : -1;
    if (next < 0) {
      toScheduler();
      continue;
    }
    engine.current = next;
    engine.members[next].state = State::READY;
    engine.members[next].fiber = f;
    simcuda_thread = &engine.members[next].variables;
  }
}

// A fiber that begins in runMembers.
Fiber* newFiber() {
  Fiber* f;
  if (!engine.free.empty()) {
    f = engine.free.back();
    engine.free.pop_back();
  } else {
    f = new Fiber;
    char* memory = (char*)mmap(nullptr, STACK + PAGE, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
      say("no memory for fiber stacks");
      abort();
    }
    mprotect(memory, PAGE, PROT_NONE);
    f->stack = memory + PAGE;
  }
  if (__asan_unpoison_memory_region != nullptr) {
    __asan_unpoison_memory_region(f->stack, STACK);
  }
  if (races && f->tsan == nullptr) {
    f->tsan = __tsan_create_fiber(0);
  }
  void** top = (void**)(f->stack + STACK) - 1;  // at a function's entry the stack is 8 off 16
  *top = nullptr;
  *--top = (void*)runMembers;
  for (int i = 0; i < SAVED_REGISTERS; i++) {
    *--top = nullptr;
  }
  f->sp = top;
  return f;
}

void resume(int i) {
  Member& m = engine.members[i];
  engine.current = i;
  simcuda_thread = &m.variables;
  if (m.state == State::FRESH) {
    m.fiber = newFiber();
    m.state = State::READY;
  }
  Fiber* f = m.fiber;
  switchFiber(&engine.scheduler, f);
  if (engine.members[engine.current].state == State::DONE) {
    (races ? engine.usedInThisBlock : engine.free).push_back(f);
  }
}

void arrange(int threads) {
  static const char* wanted = getenv("SIMCUDA_ORDER");
  engine.order.resize(threads);
  bool reverse = wanted != nullptr && !strcmp(wanted, "reverse");
  for (int i = 0; i < threads; i++) {
    engine.order[i] = reverse ? threads - 1 - i : i;
  }
  if (wanted != nullptr && !strcmp(wanted, "random")) {
    for (int i = threads - 1; i > 0; i--) {
      engine.random = engine.random * 1664525u + 1013904223u;
      std::swap(engine.order[i], engine.order[(engine.random >> 8) % (i + 1)]);
    }
  }
}

void runBlock(Index at, Index block, Index grid, const SharedMemory* shared) {
  int threads = block.x * block.y * block.z;
  engine.members.resize(threads);
  for (int i = 0; i < threads; i++) {
    Index t = {i % block.x, i / block.x % block.y, i / block.x / block.y};
    engine.members[i] = Member{Thread{t, at, block, grid}, State::FRESH, 0, nullptr};
  }
  arrange(threads);
  engine.nextFresh = 0;
  engine.alive = threads;
  engine.waiting = 0;
  if (shared != nullptr && __asan_unpoison_memory_region == nullptr) {
    memset(shared->begin, 0xFF, shared->end - shared->begin);  // NaN
  }
  if (races) {
    engine.scheduler.tsan = __tsan_get_current_fiber();
  }
  ordersBefore(&engine.started);
  while (engine.alive > 0 && engine.error == SUCCESS) {
    for (int i : engine.order) {
      State s = engine.members[i].state;
      if (engine.error == SUCCESS && (s == State::FRESH || s == State::READY)) {
        resume(i);
      }
    }
  }
  if (engine.error != SUCCESS) {
    for (Member& m : engine.members) {  // abandoned where they were; their stacks serve again
      if (m.fiber != nullptr && m.state != State::DONE) {
        engine.free.push_back(m.fiber);
      }
    }
  }
  ordersAfter(&engine.ended);
  engine.free.insert(engine.free.end(), engine.usedInThisBlock.begin(), engine.usedInThisBlock.end());
  engine.usedInThisBlock.clear();
  simcuda_thread = nullptr;
}

// ---- a fault in a kernel becomes a CUDA error; any other is the JVM's
struct sigaction before[NSIG];
const int FAULTS[] = {SIGSEGV, SIGBUS, SIGFPE};

void onFault(int signal, siginfo_t* info, void* context) {
  if (running && pthread_equal(runner, pthread_self()) && simcuda_thread != nullptr) {
    if (signal == SIGFPE) {
      fail(LAUNCH_FAILED, "arithmetic trap");
    } else if (info->si_code == SI_KERNEL) {
      fail(MISALIGNED_ADDRESS, "misaligned address");
    } else {
      fail(ILLEGAL_ADDRESS, "illegal address " + describeAddress(info->si_addr));
    }
    sigset_t this_one;
    sigemptyset(&this_one);
    sigaddset(&this_one, signal);
    pthread_sigmask(SIG_UNBLOCK, &this_one, nullptr);
    toScheduler();
    abort();
  }
  struct sigaction& jvm = before[signal];
  if (jvm.sa_flags & SA_SIGINFO) {
    jvm.sa_sigaction(signal, info, context);
  } else if (jvm.sa_handler == SIG_DFL || jvm.sa_handler == SIG_IGN) {
    sigaction(signal, &jvm, nullptr);
  } else {
    jvm.sa_handler(signal);
  }
}

void catchFaults() {
  struct sigaction ours;
  memset(&ours, 0, sizeof ours);
  ours.sa_sigaction = onFault;
  ours.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  sigemptyset(&ours.sa_mask);
  for (int signal : FAULTS) {
    sigaction(signal, &ours, &before[signal]);
  }
}

void releaseFaults() {
  for (int signal : FAULTS) {
    sigaction(signal, &before[signal], nullptr);
  }
}
}  // namespace

int runGrid(const Kernel* kernel, Index grid, Index block, const SharedMemory* shared, void** arguments) {
  constexpr size_t SIGNAL_STACK = 64 * 1024;
  if (engine.signalStack == nullptr) {
    engine.signalStack = (char*)malloc(SIGNAL_STACK);
  }
  stack_t ours{};
  stack_t theirs{};
  ours.ss_sp = engine.signalStack;
  ours.ss_size = SIGNAL_STACK;
  sigaltstack(&ours, &theirs);  // a fiber whose stack is full can still take a signal
  engine.kernel = kernel;
  engine.arguments = arguments;
  engine.error = SUCCESS;
  engine.current = -1;
  runner = pthread_self();
  catchFaults();
  running = true;
  unsigned long long blocks = (unsigned long long)grid.x * grid.y * grid.z;
  for (unsigned long long b = 0; b < blocks && engine.error == SUCCESS; b++) {
    Index at = {(unsigned)(b % grid.x), (unsigned)(b / grid.x % grid.y), (unsigned)(b / grid.x / grid.y)};
    runBlock(at, block, grid, shared);
  }
  running = false;
  releaseFaults();
  sigaltstack(&theirs, nullptr);
  return engine.error;
}

void say(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("[simcuda] ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}
}  // namespace simcuda

// A block's barrier: goes on when every thread of the block has come to this line.
SIM_API void simcuda_sync(int line) {
  using namespace simcuda;
  Member& m = engine.members[engine.current];
  if (engine.alive != (int)engine.members.size()) {
    fail(LAUNCH_FAILED, "__syncthreads at line " + std::to_string(line) + " after a thread of the block returned");
  }
  for (const Member& other : engine.members) {
    if (other.state == State::WAITING) {
      if (other.line != line) {
        fail(LAUNCH_FAILED, "__syncthreads at line " + std::to_string(line) + " while others wait at line " +
                                std::to_string(other.line));
      }
      break;
    }
  }
  char* tag = &engine.barriers[engine.barrier & 1];
  ordersBefore(tag);
  if (engine.error == SUCCESS) {
    m.state = State::WAITING;
    m.line = line;
    if (++engine.waiting == engine.alive) {
      engine.waiting = 0;
      engine.barrier++;
      for (Member& other : engine.members) {
        other.state = State::READY;
      }
    }
  }
  toScheduler();
  ordersAfter(tag);
}
