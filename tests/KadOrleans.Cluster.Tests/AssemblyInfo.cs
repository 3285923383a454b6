using KadOrleans.Cluster.Tests.SiloRole;
using Xunit.Sdk;
using Xunit.v3;

// Most tests wait for processes or timeouts, not for a processor.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]
[assembly: TestCollectionOrderer(typeof(LongestFirst))]

/// <summary>
/// Starts the classes that take longest first, so that others run beside them and nothing waits for them at the end.
/// The order is that of xunit, which starts the first two and then takes from the end.
/// </summary>
internal sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Longest =
    [
        nameof(RollingRestartTests), nameof(CampaignTests), nameof(TrafficAlarmTests), nameof(WrongClockTests), nameof(StorageOutageTests),
        nameof(StorageAlarmTests), nameof(SiloProcessTests), nameof(TwoSilosTwoEdgesTests), nameof(DeployedClusterTests),
        nameof(ClusterPackageTests), nameof(SiloConsoleTests), nameof(SiloConsolePagesTests), nameof(SiloConsoleChangeTests),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => RankOf(collection))];

    private static int RankOf(ITestCollection collection) =>
        Array.FindIndex(Longest, name => collection.TestCollectionDisplayName.Contains($".{name} ", StringComparison.Ordinal)) switch
        {
            < 0 => 2,
            < 2 and var first => first,
            var later => Longest.Length + 2 - later,
        };
}
