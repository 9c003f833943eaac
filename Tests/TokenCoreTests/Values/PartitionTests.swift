import Testing
import TokenCore

@Suite struct PartitionTests {
    /// Stored data depends on these numbers: a change of the hash must fail here. FNV-1a 64 computed by an independent script.
    @Test(
        arguments: [
            ("a", 192), ("1", 1712), ("anna", 1592), ("é", 262), ("9007199254740991", 1902),
        ] as [(String, UInt16)])
    func hashNeverChanges(_ text: String, _ number: UInt16) throws {
        let subject = try #require(Subject(text: text))
        #expect(Partition(of: subject, count: 2048).number == number)
        for count in [1, 2, 64, 1024] { #expect(Partition(of: subject, count: count).number == number & UInt16(count - 1)) }
    }

    @Test func howASubjectIsGivenDoesNotMoveIt() throws {
        #expect(Partition(of: try #require(Subject(integer: 1)), count: 64) == Partition(of: try #require(Subject(text: "1")), count: 64))
    }

    @Test func subjectsAreSpreadEvenly() throws {
        var counts: [UInt16: Int] = [:]
        for number in 0..<6400 { counts[Partition(of: try #require(Subject(integer: Int64(number))), count: 64).number, default: 0] += 1 }
        #expect(counts.count == 64)
        #expect(counts.values.allSatisfy { (50...150).contains($0) }, "\(counts.values.sorted())")
    }

    @Test func subjectsNeverFallIntoTheControlPartition() throws {
        for number in 0..<5000 {
            #expect(Partition(of: try #require(Subject(integer: Int64(number))), count: Partition.most) != .control)
        }
    }

    @Test func numbersHaveTwelveBits() {
        #expect(Partition(number: 4095) == .control)
        #expect(Partition(number: 4096) == nil)
        #expect(Partition(number: 1)! < Partition(number: 2)!)
    }
}
