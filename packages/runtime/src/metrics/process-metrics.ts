import { readdirSync, readFileSync } from "node:fs";
import { exponentialBuckets } from "./instruments.ts";
import type { Registry } from "./registry.ts";

const LAG_SAMPLE_MS = 250;

/**
 * What every process shows of itself, under the names that Prometheus' own libraries use. Values are looked up when the page
 * is read; only the event loop's lag is sampled, four times a second.
 * @returns stops the sampling
 */
export function registerProcessMetrics(registry: Registry): () => void {
  const resident = registry.gauge("process_resident_memory_bytes", "Resident memory size in bytes.");
  const virtual = registry.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.");
  const heap = registry.gauge("nodejs_heap_size_used_bytes", "Memory that JavaScript objects take.");
  const external = registry.gauge("nodejs_external_memory_bytes", "Memory of buffers outside the JavaScript heap.");
  const openFds = registry.gauge("process_open_fds", "Number of open file descriptors.");
  const maxFds = registry.gauge("process_max_fds", "Maximum number of open file descriptors.");
  const osUsed = registry.gauge("os_fd_used", "The number of used file descriptors.");
  const osLimit = registry.gauge("os_fd_limit", "The file descriptor limit.");
  const cpu = registry.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.");
  const started = registry.gauge(
    "process_start_time_seconds",
    "Start time of the process since unix epoch in seconds.",
  );
  started.set(Math.round(performance.timeOrigin) / 1000);
  maxFds.set(descriptorLimit());
  registry.onRender(() => {
    const memory = process.memoryUsage();
    resident.set(memory.rss);
    virtual.set(virtualBytes());
    heap.set(memory.heapUsed);
    external.set(memory.external);
    const { user, system } = process.cpuUsage();
    cpu.set((user + system) / 1e6);
    openFds.set(openDescriptors());
    osUsed.set(openFds.value);
    osLimit.set(maxFds.value);
  });
  return sampleEventLoopLag(registry);
}

function sampleEventLoopLag(registry: Registry): () => void {
  const lag = registry.histogram(
    "synod_event_loop_lag_seconds",
    "How late a timer fired: for so long the process answered nobody.",
    exponentialBuckets(0.001, 2, 14),
  );
  let due = performance.now() + LAG_SAMPLE_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    lag.observe(Math.max(0, now - due) / 1000);
    due = now + LAG_SAMPLE_MS;
  }, LAG_SAMPLE_MS).unref();
  return () => clearInterval(timer);
}

/** 0 where the system does not tell, as below. */
function virtualBytes(): number {
  try {
    return Number(/^VmSize:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** 0 where the system does not tell (it is Linux that has /proc). */
function openDescriptors(): number {
  try {
    return readdirSync("/proc/self/fd").length - 1; // one is the folder that is being read
  } catch {
    return 0;
  }
}

function descriptorLimit(): number {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"));
    return Number(match?.[1] ?? 0);
  } catch {
    return 0;
  }
}
