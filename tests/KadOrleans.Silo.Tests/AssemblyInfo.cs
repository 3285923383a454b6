using KadOrleans.Silo.Tests.Hosting;
using Xunit.Sdk;
using Xunit.v3;

// Most tests wait for processes or timeouts, not for a processor.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]
[assembly: TestCollectionOrderer(typeof(LongestFirst))]

/// <summary>Starts the class that takes longest first, so that others run beside it and nothing waits for it at the end.</summary>
internal sealed class LongestFirst : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderByDescending(c => c.TestCollectionDisplayName.Contains(nameof(SiloConsoleTests), StringComparison.Ordinal))];
}
