#!/bin/sh
# build.sh FOLDER: builds the simulated device there with the machine's g++.
set -e
cd "$(dirname "$0")"
out=$1
mkdir -p "$out"
cp simcuda.h "$out"
compile="g++ -std=c++17 -O2 -g1 -fPIC -shared -fvisibility=hidden -Wall -Wextra -Werror"
$compile -Wl,-soname,libcuda.so.1 -o "$out/libcuda.so.1" driver.cpp engine.cpp -ldl -lpthread
$compile -Wl,-soname,libcublas.so.12 -Wl,--version-script=cublas.map -o "$out/libcublas.so.12" cublas.cpp "$out/libcuda.so.1"
$compile -Wl,-soname,libcurand.so.10 -Wl,--version-script=curand.map -o "$out/libcurand.so.10" curand.cpp "$out/libcuda.so.1"
$compile -Wl,-soname,libnvrtc.so.12 -Wl,--version-script=nvrtc.map -o "$out/libnvrtc.so.12" nvrtc.cpp -ldl
