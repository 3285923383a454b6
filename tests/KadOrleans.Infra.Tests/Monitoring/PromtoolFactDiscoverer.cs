using Xunit.Sdk;
using Xunit.v3;

namespace KadOrleans.Infra.Tests.Monitoring;

/// <summary>Finds no test where there is no promtool: a test that could never run is not counted as one that was left out.</summary>
public sealed class PromtoolFactDiscoverer : FactDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        Promtool.IsThere ? base.Discover(discoveryOptions, testMethod, factAttribute) : new([]);
}
