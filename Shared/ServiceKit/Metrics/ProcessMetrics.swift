import Foundation
import Glibc

/// Processor time, memory and open files of this process, in Prometheus's text format.
enum ProcessMetrics {
    static func render() -> String {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        let seconds = time(usage.ru_utime) + time(usage.ru_stime)
        var text = "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total \(seconds)\n"
        if let pages = residentPages() {
            let bytes = pages * Int(sysconf(Int32(_SC_PAGESIZE)))
            text += "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes \(bytes)\n"
        }
        do {
            let count = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
            text += "# TYPE process_open_fds gauge\nprocess_open_fds \(count)\n"
        } catch {
            text += "# /proc/self/fd cannot be read\n"
        }
        return text
    }

    private static func time(_ value: timeval) -> Double {
        Double(value.tv_sec) + Double(value.tv_usec) / 1_000_000
    }

    private static func residentPages() -> Int? {
        guard let data = FileManager.default.contents(atPath: "/proc/self/statm") else { return nil }
        let words = String(decoding: data, as: UTF8.self).split(separator: " ")
        return words.count > 1 ? Int(words[1]) : nil
    }
}
