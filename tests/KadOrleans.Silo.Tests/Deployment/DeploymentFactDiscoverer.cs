using KadOrleans.Infra.Tests.Rendering;
using KadOrleans.Silo.Tests.Processes;
using Xunit.Sdk;
using Xunit.v3;

namespace KadOrleans.Silo.Tests.Deployment;

/// <summary>Finds no test where what it needs is missing: a test that could never run is not counted as one that was left out.</summary>
public sealed class DeploymentFactDiscoverer : FactDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        Kubectl.IsThere && PostgreSqlServer.IsThere ? base.Discover(discoveryOptions, testMethod, factAttribute) : new([]);
}
