using Xunit.Sdk;
using Xunit.v3;

namespace KadOrleans.Infra.Tests.Conditions;

/// <summary>Finds no test where what it needs is missing: a test that could never run is not counted as one that was left out.</summary>
public sealed class ConditionalFactDiscoverer : FactDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        ((IConditionalFact)factAttribute).IsPossible ? base.Discover(discoveryOptions, testMethod, factAttribute) : new([]);
}
