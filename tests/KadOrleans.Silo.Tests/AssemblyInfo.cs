using KadOrleans.Silo.Tests.Alarms;
using KadOrleans.Silo.Tests.Faults;
using KadOrleans.Silo.Tests.Hosting;
using KadOrleans.Silo.Tests.Packages;
using KadOrleans.Silo.Tests.Processes;
using Xunit.Sdk;
using Xunit.v3;

// Most tests wait for processes or timeouts, not for a processor.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]
[assembly: TestCollectionOrderer(typeof(LongestFirst))]

/// <summary>Starts the classes that take longest first, so that others run beside them and nothing waits for them at the end.</summary>
internal sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Longest =
    [
        nameof(RollingUpgradeTests), nameof(SiloConsoleTests), nameof(SiloConsolePagesTests), nameof(CampaignTests), nameof(TrafficAlarmTests), nameof(WrongClockTests),
        nameof(StorageOutageTests), nameof(TwoSilosTwoEdgesTests), nameof(StorageAlarmTests), nameof(ClusterPackageTests),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => PlaceOf(collection))];

    private static uint PlaceOf(ITestCollection collection) =>
        (uint)Array.FindIndex(Longest, name => collection.TestCollectionDisplayName.Contains($".{name} ", StringComparison.Ordinal));
}
