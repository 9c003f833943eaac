import FuzzDriver
import JOSE

/// Any bytes as JSON: a text is refused, or what was read is written as a text that reads as the same value.
@main
enum FuzzJSON {
    static func main() {
        _ = fuzz { data, count in
            let bytes = Array(UnsafeBufferPointer(start: data, count: count))
            if let value = try? JSONValue(parsing: bytes) {
                let text = value.serialized
                let again = try? JSONValue(parsing: text)
                precondition(again == value && again?.serialized == text)
            }
            return 0
        }
    }
}
