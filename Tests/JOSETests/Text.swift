/// The UTF-8 of a literal: tests read better when tokens and JSON are text.
func utf8(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The text of bytes that are expected to be UTF-8.
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
