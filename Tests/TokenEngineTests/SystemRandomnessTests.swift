import Testing
import TokenCore

@testable import TokenEngine

@Suite struct SystemRandomnessTests {
    @Test func everyDrawIsAnother() {
        var seen: Set<[UInt8]> = []
        for _ in 0..<1000 {
            let draw = Randomness.draw()
            #expect(draw.salt.count == 16 && draw.tokenID.count == 16)
            seen.formUnion([draw.salt, draw.tokenID, withUnsafeBytes(of: draw.session) { Array($0) }])
        }
        #expect(seen.count == 3000)
    }

    /// Each of the most bytes there are takes many values: none is left as it was.
    @Test func everyByteIsDrawn() {
        var values = [Set<UInt8>](repeating: [], count: SystemRandomness.most)
        for _ in 0..<64 {
            for (index, byte) in SystemRandomness.bytes(SystemRandomness.most).enumerated() { values[index].insert(byte) }
        }
        #expect(values.allSatisfy { $0.count > 32 })
    }
}
