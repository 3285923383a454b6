using KadOrleans.Infra.Tests.Monitoring;
using KadOrleans.Silo.Tests.Processes;
using Xunit.Sdk;
using Xunit.v3;

namespace KadOrleans.Silo.Tests.Alarms;

/// <summary>Finds no test where there is no promtool or no PostgreSQL: a test that could never run is not counted as one that was left out.</summary>
public sealed class PromtoolPostgreSqlFactDiscoverer : FactDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        Promtool.IsThere && PostgreSqlServer.IsThere ? base.Discover(discoveryOptions, testMethod, factAttribute) : new([]);
}
