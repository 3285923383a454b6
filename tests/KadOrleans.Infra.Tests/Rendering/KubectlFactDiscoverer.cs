using Xunit.Sdk;
using Xunit.v3;

namespace KadOrleans.Infra.Tests.Rendering;

/// <summary>Finds no test where there is no kubectl: a test that could never run is not counted as one that was left out.</summary>
public sealed class KubectlFactDiscoverer : FactDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        Kubectl.IsThere ? base.Discover(discoveryOptions, testMethod, factAttribute) : new([]);
}
