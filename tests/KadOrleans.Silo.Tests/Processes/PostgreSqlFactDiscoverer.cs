using Xunit.Sdk;
using Xunit.v3;

namespace KadOrleans.Silo.Tests.Processes;

/// <summary>Finds no test where there is no PostgreSQL: a test that could never run is not counted as one that was left out.</summary>
public sealed class PostgreSqlFactDiscoverer : FactDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        PostgreSqlServer.IsThere ? base.Discover(discoveryOptions, testMethod, factAttribute) : new([]);
}
