import StoreConformance
import Testing

@Suite struct PlantedFaultTests {
    @Test(arguments: BrokenStore.Fault.allCases)
    func theSuiteCatchesAStoreThat(fault: BrokenStore.Fault) async {
        let failures = await StoreConformance.failures { BrokenStore(fault) }
        #expect(!failures.isEmpty, "no check noticed a store that \(fault)")
        #expect(failures.count < StoreConformance.checks.count, "a store that \(fault) fails everything: the fault is not the one meant")
    }
}
