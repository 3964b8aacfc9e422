// libnvrtc.so.12 of the simulated device: "compiles for the device" by running g++. The image is a shared library
// for this machine, which libcuda.so.1 of the simulated device loads; where PTX is asked for, that library in hexadecimal.
//
// SIMCUDA_CXXFLAGS: more flags for g++, e.g. sanitizers, whose library is then preloaded into the JVM but not into g++.
#include <dlfcn.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "engine.h"

namespace {
enum Result { SUCCESS = 0, COMPILATION = 6 };

struct Program {
  std::string source;
  std::string name;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string log;
  std::string image;
  bool ptx = false;
};

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

std::string ownFolder() {
  Dl_info here;
  dladdr((void*)ownFolder, &here);
  std::string path = here.dli_fname;
  return path.substr(0, path.rfind('/'));
}

// Runs a shell's command without the library that the JVM was preloaded with; whether it succeeded.
bool shell(const std::string& command) {
  std::vector<char*> environment;
  for (char** entry = environ; *entry != nullptr; entry++) {
    if (strncmp(*entry, "LD_PRELOAD=", strlen("LD_PRELOAD="))) {
      environment.push_back(*entry);
    }
  }
  environment.push_back(nullptr);
  const char* arguments[] = {"sh", "-c", command.c_str(), nullptr};
  pid_t child;
  int status;
  return posix_spawn(&child, "/bin/sh", nullptr, nullptr, (char* const*)arguments, environment.data()) == 0 &&
         waitpid(child, &status, 0) == child && status == 0;
}

void registerKernels(const std::string& text, std::string& unit) {
  static const std::regex kernel("extern \"C\" __global__ void (\\w+)\\(");
  for (std::sregex_iterator k(text.begin(), text.end(), kernel), end; k != end; ++k) {
    unit += "SIM_KERNEL(" + (*k)[1].str() + ")\n";
  }
}
}  // namespace

SIM_API int nvrtcVersion(int* major, int* minor) {
  *major = 12;
  *minor = 6;
  return SUCCESS;
}

SIM_API int nvrtcGetNumSupportedArchs(int* n) {
  *n = 2;
  return SUCCESS;
}

SIM_API int nvrtcGetSupportedArchs(int* architectures) {
  architectures[0] = 75;
  architectures[1] = 90;
  return SUCCESS;
}

SIM_API int nvrtcCreateProgram(Program** program, const char* source, const char* name, int headers,
                               const char* const* texts, const char* const* names) {
  *program = new Program{source, name, {}, "", "", false};
  for (int i = 0; i < headers; i++) {
    (*program)->headers.emplace_back(names[i], texts[i]);
  }
  return SUCCESS;
}

SIM_API int nvrtcDestroyProgram(Program** program) {
  delete *program;
  *program = nullptr;
  return SUCCESS;
}

SIM_API int nvrtcCompileProgram(Program* program, int options, const char* const* option) {
  for (int i = 0; i < options; i++) {
    program->ptx |= strstr(option[i], "=compute_") != nullptr;
  }
  std::string folder = simcuda::temporary("simcuda-XXXXXX");
  if (mkdtemp(folder.data()) == nullptr) {
    return COMPILATION;
  }
  std::string at = folder + "/";
  std::string sim = ownFolder() + "/";
  std::string unit = "#include \"" + program->name + "\"\n";
  for (auto& [name, text] : program->headers) {
    write(at + name, text);
    registerKernels(text, unit);
  }
  if (program->headers.empty()) {
    write(at + program->name, program->source);
    registerKernels(program->source, unit);
  }
  unit +=
      "extern \"C\" char __bss_start[] __attribute__((visibility(\"hidden\")));\n"
      "extern \"C\" char _end[] __attribute__((visibility(\"hidden\")));\n"
      "SIM_EXPORT const simcuda::SharedMemory simcuda_shared = {__bss_start, _end};\n";
  write(at + "unit.cpp", unit);
  const char* flags = getenv("SIMCUDA_CXXFLAGS");
  std::string command = "g++ -std=c++17 -O2 -g1 -fPIC -shared -fno-gnu-unique " + std::string(flags ? flags : "") + " -include " + sim +
                        "simcuda.h -o " + at + "image.so " + at + "unit.cpp " + sim + "libcuda.so.1 > " + at +
                        "log 2>&1";
  bool compiled = shell(command);
  program->log = read(at + "log");
  program->image = compiled ? read(at + "image.so") : "";
  if (!shell("rm -r " + at)) {
    fprintf(stderr, "[simcuda] %s stays behind\n", folder.c_str());
  }
  return compiled ? SUCCESS : COMPILATION;
}

SIM_API int nvrtcGetProgramLogSize(Program* program, size_t* size) {
  *size = program->log.size() + 1;
  return SUCCESS;
}

SIM_API int nvrtcGetProgramLog(Program* program, char* log) {
  memcpy(log, program->log.c_str(), program->log.size() + 1);
  return SUCCESS;
}

SIM_API int nvrtcGetCUBINSize(Program* program, size_t* size) {
  *size = program->ptx ? 0 : program->image.size();
  return SUCCESS;
}

SIM_API int nvrtcGetPTXSize(Program* program, size_t* size) {
  *size = strlen(SIMCUDA_PTX) + 2 * program->image.size() + 1;
  return SUCCESS;
}

SIM_API int nvrtcGetPTX(Program* program, char* ptx) {
  ptx += sprintf(ptx, SIMCUDA_PTX);
  for (unsigned char byte : program->image) {
    ptx += sprintf(ptx, "%02x", byte);
  }
  return SUCCESS;
}

SIM_API int nvrtcGetCUBIN(Program* program, char* image) {
  memcpy(image, program->image.data(), program->image.size());
  return SUCCESS;
}
