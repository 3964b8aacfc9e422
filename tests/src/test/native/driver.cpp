// libcuda.so.1 of the simulated device: the driver functions that this project calls. A test that calls another ends
// with the loader's "undefined symbol".
//
// SIMCUDA_STREAMS = deferred: work on a stream is done when somebody waits for it, not when it is queued.
// SIMCUDA_DEVICES, SIMCUDA_INIT_RESULT, SIMCUDA_DRIVER_VERSION, SIMCUDA_CAPABILITY: what is found.
// SIMCUDA_CONTROL = a file with "<call> <n> <result> [<step>]": from the n-th such call on, all of them, or every
// step-th, fail with that result, or, with the result -1, say that all is well and do nothing. If a file of that name
// with .trace after it exists, copies and kernels are added to it as they are queued, a line each.
// Device memory is host memory that ends where nobody may touch anything for a while, and holds NaN at first.
#include <dlfcn.h>
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "engine.h"

using namespace simcuda;

namespace {
enum Result {
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NOT_INITIALIZED = 3,
  INVALID_DEVICE = 101,
  INVALID_IMAGE = 200,
  INVALID_CONTEXT = 201,
  INVALID_HANDLE = 400,
  NOT_FOUND = 500,
  NOT_READY = 600,
};

constexpr size_t PAGE = 4096;
constexpr size_t GUARD = 1 << 20;  // on both sides of an allocation; address space, not memory
constexpr size_t MEMORY = 1u << 30;
constexpr unsigned MOST_THREADS = 1024;

struct Allocation {
  size_t size;
  char* mapping;
  size_t mapped;
};
struct Stream {
  std::deque<std::function<int()>> work;
};
struct Event {
  long asked = 0;  // the latest cuEventRecord
  long reached = 0;
  Stream* stream = nullptr;
  std::chrono::steady_clock::time_point when;
};
struct Module;
struct Function {
  const Kernel* kernel;
  Module* module;
};
struct Module {
  void* library;
  const SharedMemory* shared;
  std::map<std::string, Function> functions;
};

std::recursive_mutex lock;
std::map<uintptr_t, Allocation> allocations;
std::map<std::string, int> counted;
std::set<void*> pinned;
std::set<Stream*> streams;
std::set<Event*> events;
std::set<Module*> modules;
std::set<Function*> functions;
size_t allocated = 0;
bool initialised = false;
int retained = 0;
int broken = SUCCESS;  // a fault ends a context: every later call reports it
int contextTag;
thread_local void* current = nullptr;

int setting(const char* name, int otherwise) {
  const char* text = getenv(name);
  return text == nullptr || *text == 0 ? otherwise : atoi(text);
}

bool deferred() {
  static const bool is = getenv("SIMCUDA_STREAMS") && !strcmp(getenv("SIMCUDA_STREAMS"), "deferred");
  return is;
}

bool onDevice(uintptr_t p, size_t bytes) {
  auto after = allocations.upper_bound(p);
  if (after == allocations.begin()) {
    return false;
  }
  auto a = std::prev(after);
  return p + bytes <= a->first + a->second.size;
}

int finish(Stream* s) {
  int result = SUCCESS;
  while (!s->work.empty() && result == SUCCESS) {
    auto work = std::move(s->work.front());
    s->work.pop_front();
    result = work();
  }
  return result;
}

// Does a stream's work until it has come to the n-th record of an event; at once if there is none.
int reach(const Event* e, long n, Stream* recorded) {
  int result = SUCCESS;
  while (e->reached < n && result == SUCCESS && !recorded->work.empty()) {
    auto work = std::move(recorded->work.front());
    recorded->work.pop_front();
    result = work();
  }
  return result;
}

int finishAll() {
  int result = SUCCESS;
  for (Stream* s : streams) {
    int r = finish(s);
    result = result == SUCCESS ? r : result;
  }
  return result;
}

int submit(void* stream, std::function<int()> work) {
  Stream* s = (Stream*)stream;
  if (!streams.count(s)) {
    return INVALID_HANDLE;
  }
  if (!deferred()) {
    return work();
  }
  s->work.push_back(std::move(work));
  return SUCCESS;
}

void count(const char* what, size_t n) {
  if (n > 0) {
    say("LEAK: the context goes with %zu %s", n, what);
  }
}

void destroyContext() {
  finishAll();
  count("allocations", allocations.size());
  count("page-locked allocations", pinned.size());
  count("streams", streams.size());
  count("events", events.size());
  count("modules", modules.size());
  for (auto& [what, n] : counted) {
    count(what.c_str(), n);
  }
  broken = SUCCESS;
}

// The length of an ELF file, whose section table stands at its end.
size_t elfLength(const char* image) {
  auto* header = (const Elf64_Ehdr*)image;
  return header->e_shoff + (size_t)header->e_shnum * header->e_shentsize;
}

void* openImage(const char* image) {
  auto* header = (const Elf64_Ehdr*)image;
  if (memcmp(image, ELFMAG, SELFMAG) || header->e_machine != EM_X86_64) {
    return nullptr;
  }
  std::string path = temporary("simcuda-module-XXXXXX");
  int file = mkstemp(path.data());
  size_t length = elfLength(image);
  void* library = nullptr;
  if (write(file, image, length) == (ssize_t)length) {
    library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      say("%s", dlerror());
    }
  }
  close(file);
  unlink(path.c_str());
  return library;
}
// The library that PTX, a text that ends with a zero, stands for.
std::vector<char> assemble(const char* ptx) {
  std::vector<char> image;
  for (const char* at = ptx + strlen(SIMCUDA_PTX); *at != 0; at += 2) {
    char digits[] = {at[0], at[1], 0};
    image.push_back((char)strtol(digits, nullptr, 16));
  }
  return image;
}
}  // namespace

std::string simcuda::describeAddress(const void* address) {
  char text[128];
  uintptr_t p = (uintptr_t)address;
  auto after = allocations.upper_bound(p);
  constexpr uintptr_t NEAR = 64 << 20;
  if (after != allocations.begin() && p - std::prev(after)->first < NEAR) {
    auto a = std::prev(after);
    snprintf(text, sizeof text, "%zu bytes past the end of an allocation of %zu", p - a->first - a->second.size,
             a->second.size);
  } else {
    snprintf(text, sizeof text, "%p", address);
  }
  return text;
}

SIM_API int simcuda_submit(void* stream, std::function<int()> work) {
  std::lock_guard<std::recursive_mutex> held(lock);
  return submit(stream, std::move(work));
}

SIM_API bool simcuda_valid(const void* p, size_t bytes) {
  std::lock_guard<std::recursive_mutex> held(lock);
  return onDevice((uintptr_t)p, bytes);
}

SIM_API void simcuda_count(const char* what, int change) {
  std::lock_guard<std::recursive_mutex> held(lock);
  counted[what] += change;
}

SIM_API int simcuda_injected(const char* call) {
  static const char* control = getenv("SIMCUDA_CONTROL");
  static char last[128] = "";
  static int seen = 0;
  if (control == nullptr) {
    return SUCCESS;
  }
  std::lock_guard<std::recursive_mutex> held(lock);
  char line[128] = "";
  if (FILE* file = fopen(control, "r")) {
    if (fgets(line, sizeof line, file) == nullptr) {
      line[0] = 0;
    }
    fclose(file);
  }
  if (strcmp(line, last)) {
    strcpy(last, line);
    seen = 0;
  }
  char name[64];
  int first;
  int result;
  int step = 1;
  if (sscanf(line, "%63s %d %d %d", name, &first, &result, &step) < 3 || strcmp(name, call)) {
    return SUCCESS;
  }
  seen++;
  return seen >= first && (seen - first) % step == 0 ? result : SUCCESS;
}

namespace {
void trace(const char* what) {
  static const char* control = getenv("SIMCUDA_CONTROL");
  static const std::string path = control == nullptr ? "" : std::string(control) + ".trace";
  if (!path.empty() && !access(path.c_str(), W_OK)) {
    if (FILE* file = fopen(path.c_str(), "a")) {
      fprintf(file, "%s\n", what);
      fclose(file);
    }
  }
}
}  // namespace

// Every call: one at a time, a failure that a test asked for, an order of calls that the driver insists on.
#define ENTER()                                          \
  std::lock_guard<std::recursive_mutex> held(lock);      \
  if (int wanted = simcuda_injected(__func__)) return wanted < 0 ? (int)SUCCESS : wanted
#define ENTER_INITIALISED() \
  ENTER();                  \
  if (!initialised) return NOT_INITIALIZED
#define ENTER_CONTEXT()                            \
  ENTER_INITIALISED();                             \
  if (current == nullptr) return INVALID_CONTEXT;  \
  if (broken != SUCCESS) return broken
// For what gives back: done in a broken context too.
#define ENTER_RELEASE() \
  ENTER_INITIALISED();  \
  if (current == nullptr) return INVALID_CONTEXT

SIM_API int cuInit(unsigned) {
  ENTER();
  if (int result = setting("SIMCUDA_INIT_RESULT", SUCCESS)) {
    return result;
  }
  initialised = true;
  return SUCCESS;
}

SIM_API int cuDriverGetVersion(int* version) {
  *version = setting("SIMCUDA_DRIVER_VERSION", 12060);
  return SUCCESS;
}

SIM_API int cuDeviceGetCount(int* n) {
  ENTER_INITIALISED();
  *n = setting("SIMCUDA_DEVICES", 1);
  return SUCCESS;
}

SIM_API int cuDeviceGet(int* device, int ordinal) {
  ENTER_INITIALISED();
  if (ordinal < 0 || ordinal >= setting("SIMCUDA_DEVICES", 1)) {
    return INVALID_DEVICE;
  }
  *device = ordinal;
  return SUCCESS;
}

SIM_API int cuDeviceGetName(char* name, int length, int) {
  ENTER_INITIALISED();
  snprintf(name, length, "Simulated device");
  return SUCCESS;
}

SIM_API int cuDeviceTotalMem_v2(size_t* bytes, int) {
  ENTER_INITIALISED();
  *bytes = MEMORY;
  return SUCCESS;
}

SIM_API int cuDeviceGetAttribute(int* value, int attribute, int) {
  ENTER_INITIALISED();
  constexpr int MULTIPROCESSORS = 16;
  constexpr int MAJOR = 75;
  constexpr int MINOR = 76;
  int capability = setting("SIMCUDA_CAPABILITY", 90);
  switch (attribute) {
    case MULTIPROCESSORS:
      *value = 2;
      return SUCCESS;
    case MAJOR:
      *value = capability / 10;
      return SUCCESS;
    case MINOR:
      *value = capability % 10;
      return SUCCESS;
    default:
      say("attribute %d is not simulated", attribute);
      return INVALID_VALUE;
  }
}

SIM_API int cuDevicePrimaryCtxRetain(void** context, int) {
  ENTER_INITIALISED();
  retained++;
  *context = &contextTag;
  return SUCCESS;
}

SIM_API int cuDevicePrimaryCtxRelease_v2(int) {
  ENTER_INITIALISED();
  if (retained == 0) {
    return INVALID_CONTEXT;
  }
  if (--retained == 0) {
    destroyContext();
  }
  return SUCCESS;
}

SIM_API int cuCtxSetCurrent(void* context) {
  ENTER_INITIALISED();
  if (context != nullptr && (context != &contextTag || retained == 0)) {
    return INVALID_CONTEXT;
  }
  current = context;
  return SUCCESS;
}

// ---- memory
SIM_API int cuMemGetInfo_v2(size_t* free, size_t* total) {
  ENTER_RELEASE();
  *total = MEMORY;
  *free = MEMORY - allocated;
  return SUCCESS;
}

SIM_API int cuMemAlloc_v2(uintptr_t* p, size_t bytes) {
  ENTER_CONTEXT();
  if (bytes == 0) {
    return INVALID_VALUE;
  }
  if (bytes > MEMORY - allocated) {
    return OUT_OF_MEMORY;
  }
  constexpr size_t ALIGNMENT = 16;
  size_t body = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  size_t pages = (body + PAGE - 1) / PAGE * PAGE;
  char* mapping = (char*)mmap(nullptr, pages + 2 * GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) {
    return OUT_OF_MEMORY;
  }
  mprotect(mapping + GUARD, pages, PROT_READ | PROT_WRITE);
  char* begin = mapping + GUARD + pages - body;
  memset(begin, 0xFF, bytes);
  allocations[(uintptr_t)begin] = {bytes, mapping, pages + 2 * GUARD};
  allocated += bytes;
  *p = (uintptr_t)begin;
  return SUCCESS;
}

SIM_API int cuMemFree_v2(uintptr_t p) {
  ENTER_RELEASE();
  finishAll();
  auto a = allocations.find(p);
  if (a == allocations.end()) {
    say("cuMemFree of %p, which is no allocation", (void*)p);
    return INVALID_VALUE;
  }
  allocated -= a->second.size;
  munmap(a->second.mapping, a->second.mapped);
  allocations.erase(a);
  return broken;
}

SIM_API int cuMemAllocHost_v2(void** p, size_t bytes) {
  ENTER_CONTEXT();
  if (posix_memalign(p, PAGE, bytes)) {
    return OUT_OF_MEMORY;
  }
  pinned.insert(*p);
  return SUCCESS;
}

SIM_API int cuMemFreeHost(void* p) {
  ENTER_RELEASE();
  if (!pinned.erase(p)) {
    return INVALID_VALUE;
  }
  free(p);
  return broken;
}

SIM_API int cuMemcpyHtoDAsync_v2(uintptr_t to, const void* from, size_t bytes, void* stream) {
  ENTER_CONTEXT();
  if (!onDevice(to, bytes)) {
    return INVALID_VALUE;
  }
  trace("upload");
  return submit(stream, [=] { return memcpy((void*)to, from, bytes), SUCCESS; });
}

SIM_API int cuMemcpyDtoHAsync_v2(void* to, uintptr_t from, size_t bytes, void* stream) {
  ENTER_CONTEXT();
  if (!onDevice(from, bytes)) {
    return INVALID_VALUE;
  }
  trace("download");
  return submit(stream, [=] { return memcpy(to, (void*)from, bytes), SUCCESS; });
}

SIM_API int cuMemcpyDtoDAsync_v2(uintptr_t to, uintptr_t from, size_t bytes, void* stream) {
  ENTER_CONTEXT();
  if (!onDevice(from, bytes) || !onDevice(to, bytes)) {
    return INVALID_VALUE;
  }
  return submit(stream, [=] { return memmove((void*)to, (void*)from, bytes), SUCCESS; });
}

SIM_API int cuMemsetD32Async(uintptr_t to, unsigned value, size_t words, void* stream) {
  ENTER_CONTEXT();
  if (to % sizeof value || !onDevice(to, words * sizeof value)) {
    return INVALID_VALUE;
  }
  return submit(stream, [=] { return std::fill_n((unsigned*)to, words, value), SUCCESS; });
}

// ---- modules and launches
SIM_API int cuModuleLoadData(void** module, const void* image) {
  ENTER_CONTEXT();
  bool ptx = !strncmp((const char*)image, SIMCUDA_PTX, strlen(SIMCUDA_PTX));
  void* library = openImage(ptx ? assemble((const char*)image).data() : (const char*)image);
  if (library == nullptr) {
    return INVALID_IMAGE;
  }
  auto* m = new Module{library, (const SharedMemory*)dlsym(library, "simcuda_shared"), {}};
  modules.insert(m);
  *module = m;
  return SUCCESS;
}

SIM_API int cuModuleUnload(void* module) {
  ENTER_RELEASE();
  auto* m = (Module*)module;
  if (!modules.erase(m)) {
    return INVALID_HANDLE;
  }
  finishAll();
  for (auto& [name, f] : m->functions) {
    functions.erase(&f);
  }
  dlclose(m->library);
  delete m;
  return broken;
}

SIM_API int cuModuleGetFunction(void** function, void* module, const char* name) {
  ENTER_CONTEXT();
  auto* m = (Module*)module;
  if (!modules.count(m)) {
    return INVALID_HANDLE;
  }
  auto* kernel = (const Kernel*)dlsym(m->library, (std::string("simkernel_") + name).c_str());
  if (kernel == nullptr) {
    return NOT_FOUND;
  }
  Function* f = &(m->functions[name] = {kernel, m});
  functions.insert(f);
  *function = f;
  return SUCCESS;
}

SIM_API int cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                           unsigned sharedBytes, void* stream, void** arguments, void** extra) {
  ENTER_CONTEXT();
  auto* f = (Function*)function;
  if (!functions.count(f)) {
    return INVALID_HANDLE;
  }
  if (!gx || !gy || !gz || !bx || !by || !bz || (uint64_t)bx * by * bz > MOST_THREADS || sharedBytes || extra) {
    return INVALID_VALUE;
  }
  const Kernel* kernel = f->kernel;
  auto copies = std::make_shared<std::vector<std::vector<char>>>();  // as the driver does: the caller's may go
  for (int i = 0; i < kernel->arguments; i++) {
    copies->emplace_back((char*)arguments[i], (char*)arguments[i] + kernel->sizes[i]);
  }
  const SharedMemory* shared = f->module->shared;
  trace(kernel->name);
  return submit(stream, [=] {
    std::vector<void*> pointers;
    for (auto& copy : *copies) {
      pointers.push_back(copy.data());
    }
    int result = runGrid(kernel, {gx, gy, gz}, {bx, by, bz}, shared, pointers.data());
    broken = broken == SUCCESS ? result : broken;
    return result;
  });
}

// ---- streams and events
SIM_API int cuStreamCreate(void** stream, unsigned) {
  ENTER_CONTEXT();
  auto* s = new Stream;
  streams.insert(s);
  *stream = s;
  return SUCCESS;
}

SIM_API int cuStreamSynchronize(void* stream) {
  ENTER_CONTEXT();
  return streams.count((Stream*)stream) ? finish((Stream*)stream) : (int)INVALID_HANDLE;
}

// Whether work has been queued that is not done yet.
SIM_API int cuStreamQuery(void* stream) {
  ENTER_CONTEXT();
  auto* s = (Stream*)stream;
  return !streams.count(s) ? INVALID_HANDLE : s->work.empty() ? (int)SUCCESS : (int)NOT_READY;
}

SIM_API int cuStreamDestroy_v2(void* stream) {
  ENTER_RELEASE();
  auto* s = (Stream*)stream;
  if (!streams.count(s)) {
    return INVALID_HANDLE;
  }
  finish(s);
  streams.erase(s);
  delete s;
  return broken;
}

SIM_API int cuEventCreate(void** event, unsigned) {
  ENTER_CONTEXT();
  auto* e = new Event;
  events.insert(e);
  *event = e;
  return SUCCESS;
}

SIM_API int cuEventDestroy_v2(void* event) {
  ENTER_RELEASE();
  if (!events.count((Event*)event)) {
    return INVALID_HANDLE;
  }
  finishAll();
  events.erase((Event*)event);
  delete (Event*)event;
  return broken;
}

SIM_API int cuEventRecord(void* event, void* stream) {
  ENTER_CONTEXT();
  auto* e = (Event*)event;
  if (!events.count(e)) {
    return INVALID_HANDLE;
  }
  long number = ++e->asked;
  e->stream = (Stream*)stream;
  return submit(stream, [=] {
    e->reached = number;
    e->when = std::chrono::steady_clock::now();
    return SUCCESS;
  });
}

SIM_API int cuEventSynchronize(void* event) {
  ENTER_CONTEXT();
  auto* e = (Event*)event;
  return !events.count(e) ? (int)INVALID_HANDLE : reach(e, e->asked, e->stream);
}

SIM_API int cuEventElapsedTime(float* millis, void* begin, void* end) {
  ENTER_CONTEXT();
  if (!events.count((Event*)begin) || !events.count((Event*)end)) {
    return INVALID_HANDLE;
  }
  auto* b = (Event*)begin;
  auto* e = (Event*)end;
  if (b->asked == 0 || e->asked == 0) {
    return INVALID_HANDLE;
  }
  if (b->reached < b->asked || e->reached < e->asked) {
    return NOT_READY;
  }
  *millis = std::chrono::duration<float, std::milli>(e->when - b->when).count();
  return SUCCESS;
}

SIM_API int cuStreamWaitEvent(void* stream, void* event, unsigned) {
  ENTER_CONTEXT();
  auto* e = (Event*)event;
  if (!events.count(e)) {
    return INVALID_HANDLE;
  }
  long number = e->asked;
  Stream* recorded = e->stream;
  return submit(stream, [=] { return reach(e, number, recorded); });
}
